"""Get to know a customer."""

from datetime import datetime

from django.db import transaction

from apps.customers.domain.profile import Profile
from apps.customers.models import Customer
from apps.customers.services.customer_rows import profile_fields, store_customer
from apps.kernel.cause import Cause
from apps.kernel.events.customers import CustomerRegistered
from apps.kernel.identifiers import CustomerId, new_id
from apps.platform.outbox.publishing import Fact, publish


def register_customer(*, profile: Profile, cause: Cause, now: datetime) -> Customer:
    """Write the customer and publish CustomerRegistered.

    Registering the same address again is refused: the door keeps repeated requests apart by their
    idempotency key. It runs in the caller's transaction where there is one.

    Raises:
        EmailTaken: another customer has the email address, in whatever case.
    """
    customer = Customer(id=CustomerId(new_id()), version=1, created_at=now, updated_at=now)
    customer.take_over(profile)
    with transaction.atomic():
        store_customer(customer, is_new=True)
        fact = CustomerRegistered(**profile_fields(customer.id, profile))
        publish([Fact(event=fact, seq=customer.version, cause=cause)])
    return customer
