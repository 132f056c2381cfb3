"""Keep one more address of a customer."""

from datetime import datetime

from django.db import transaction

from apps.customers.domain.identifiers import AddressId
from apps.customers.domain.refusals import TooManyAddresses
from apps.customers.models import CustomerAddress
from apps.customers.services.customer_rows import lock_customer
from apps.kernel.address import Address
from apps.kernel.identifiers import CustomerId, new_id

MOST_ADDRESSES = 50


def add_address(*, customer_id: CustomerId, address: Address, now: datetime) -> CustomerAddress:
    """Store an address. Adding it twice keeps two: the door keeps repeated requests apart.

    Raises:
        CustomerNotFound: no such customer.
        TooManyAddresses: there are 50 already.
    """
    with transaction.atomic():
        # The lock makes additions at the same time count each other.
        lock_customer(customer_id)
        if CustomerAddress.objects.filter(customer_id=customer_id).count() >= MOST_ADDRESSES:
            raise TooManyAddresses(f"A customer has up to {MOST_ADDRESSES} addresses.")
        kept = CustomerAddress(
            id=AddressId(new_id()), customer_id=customer_id, created_at=now, updated_at=now
        )
        kept.take_over(address)
        kept.save(force_insert=True)
    return kept
