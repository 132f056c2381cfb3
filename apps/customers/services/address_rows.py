"""Lock the addresses of customers."""

from apps.customers.domain.identifiers import AddressId
from apps.customers.domain.refusals import AddressHasChanged, AddressNotFound
from apps.customers.models import CustomerAddress
from apps.kernel.identifiers import CustomerId


def lock_address(*, customer_id: CustomerId, address_id: AddressId) -> CustomerAddress:
    """Lock one address of a customer for the rest of the transaction.

    Raises:
        AddressNotFound: the customer has no such address (any more).
    """
    kept = (
        CustomerAddress.objects.filter(id=address_id, customer_id=customer_id)
        .select_for_update()
        .first()
    )
    if kept is None:
        raise AddressNotFound("There is no such address.")
    return kept


def insist_on_version(kept: CustomerAddress, expected_version: str | None) -> None:
    """Go on only where a locked address is the one that was seen, or nobody cares (None).

    Raises:
        AddressHasChanged: the version is another one by now.
    """
    if expected_version not in (None, kept.version):
        raise AddressHasChanged("The address has changed in the meantime; read it again.")
