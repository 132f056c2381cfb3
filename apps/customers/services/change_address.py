"""Correct an address of a customer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.customers.domain.identifiers import AddressId
from apps.customers.models import CustomerAddress
from apps.customers.services.address_rows import insist_on_version, lock_address
from apps.kernel.address import Address
from apps.kernel.identifiers import CustomerId

_LEAST_LATER: Final = timedelta(microseconds=1)


def change_address(
    *,
    customer_id: CustomerId,
    address_id: AddressId,
    changes: Mapping[str, str],
    expected_version: str | None = None,
    now: datetime,
) -> CustomerAddress:
    """Change parts of an address, given by name; as a whole it has to be complete afterwards.

    Empty text takes a part away. Orders placed before keep the address they were placed with. Asking again changes nothing.
    With `expected_version` it is the address that the caller has seen, or none.

    Raises:
        AddressNotFound: the customer has no such address.
        AddressHasChanged: the version is another one by now.
        InvalidAddress: the changed address is not complete or not valid.
    """
    with transaction.atomic():
        kept = lock_address(customer_id=customer_id, address_id=address_id)
        insist_on_version(kept, expected_version)
        address = Address.build(**{**kept.address.as_dict(), **changes})
        if address != kept.address:
            kept.take_over(address)
            # The version is made of it, and clocks of two machines differ: no change may look like an older one.
            kept.updated_at = max(now, kept.updated_at + _LEAST_LATER)
            kept.save(force_update=True)
    return kept
