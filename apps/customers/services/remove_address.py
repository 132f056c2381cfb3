"""Forget an address of a customer."""

from uuid import UUID

from apps.customers.domain.refusals import AddressNotFound
from apps.customers.models import CustomerAddress


def remove_address(*, customer_id: UUID, address_id: UUID) -> None:
    """Delete an address; orders placed with it keep theirs.

    Raises:
        AddressNotFound: the customer has no such address (any more).
    """
    removed, _ = CustomerAddress.objects.filter(id=address_id, customer_id=customer_id).delete()
    if not removed:
        raise AddressNotFound("There is no such address.")
