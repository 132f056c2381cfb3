"""Forget an address of a customer."""

from django.db import transaction

from apps.customers.domain.identifiers import AddressId
from apps.customers.services.address_rows import insist_on_version, lock_address
from apps.kernel.identifiers import CustomerId


def remove_address(
    *, customer_id: CustomerId, address_id: AddressId, expected_version: str | None = None
) -> None:
    """Delete an address; orders placed with it keep theirs.

    With `expected_version` it is the address that the caller has seen, or none.

    Raises:
        AddressNotFound: the customer has no such address (any more).
        AddressHasChanged: the version is another one by now.
    """
    with transaction.atomic():
        kept = lock_address(customer_id=customer_id, address_id=address_id)
        insist_on_version(kept, expected_version)
        kept.delete()
