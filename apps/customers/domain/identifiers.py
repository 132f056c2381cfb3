"""Identifiers that only customers have."""

from typing import NewType
from uuid import UUID

AddressId = NewType("AddressId", UUID)
PaymentMethodId = NewType("PaymentMethodId", UUID)
