"""Identifiers that only payments have."""

from typing import NewType
from uuid import UUID

OperationId = NewType("OperationId", UUID)
DisputeId = NewType("DisputeId", UUID)
DifferenceId = NewType("DifferenceId", UUID)
