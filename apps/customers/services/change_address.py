"""Correct an address of a customer."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.customers.domain.refusals import AddressNotFound
from apps.customers.models import CustomerAddress
from apps.kernel.address import Address


def change_address(
    *, customer_id: UUID, address_id: UUID, changes: Mapping[str, str], now: datetime
) -> CustomerAddress:
    """Change parts of an address, given by name; as a whole it has to be complete afterwards.

    Empty text takes a part away. Orders placed before keep the address they were placed with. Asking again changes nothing.

    Raises:
        AddressNotFound: the customer has no such address.
        InvalidAddress: the changed address is not complete or not valid.
    """
    with transaction.atomic():
        kept = (
            CustomerAddress.objects.filter(id=address_id, customer_id=customer_id)
            .select_for_update()
            .first()
        )
        if kept is None:
            raise AddressNotFound("There is no such address.")
        address = Address.build(**{**kept.address.as_dict(), **changes})
        if address != kept.address:
            kept.take_over(address)
            kept.updated_at = now
            kept.save(force_update=True)
    return kept
