"""Lock customers, write their profiles, and say what the facts about them say."""

from typing import TypedDict

from django.db import IntegrityError, transaction

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import CustomerNotFound, EmailTaken
from apps.customers.models import Customer
from apps.kernel.identifiers import CustomerId

ONE_CUSTOMER_PER_EMAIL = "one_customer_per_email_address"


class ProfileFields(TypedDict):
    """The part that the facts about a customer have in common."""

    customer_id: CustomerId
    name: str
    email: str
    phone: str
    locale: str
    region: str
    wants_email: bool
    wants_sms: bool


def lock_customer(customer_id: CustomerId) -> Customer:
    """Lock one customer for the rest of the transaction; others may still refer to the row.

    Raises:
        CustomerNotFound: there is none.
    """
    customer = Customer.objects.filter(id=customer_id).select_for_update(no_key=True).first()
    if customer is None:
        raise CustomerNotFound("There is no such customer.")
    return customer


def store_customer(customer: Customer, *, is_new: bool) -> None:
    """Write a customer.

    Raises:
        EmailTaken: another customer has the address. The transaction can go on.
    """
    try:
        with transaction.atomic():
            customer.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as error:
        # Only the index can tell: a look beforehand would miss a registration at the same time.
        if ONE_CUSTOMER_PER_EMAIL not in str(error):
            raise
        raise EmailTaken(
            "Another customer is registered with this email address.", pointer="/email"
        ) from error


def profile_fields(customer_id: CustomerId, profile: Profile) -> ProfileFields:
    """Give the fields of a fact about a profile."""
    return ProfileFields(
        customer_id=customer_id,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        locale=profile.locale,
        region=profile.region,
        wants_email=profile.wants_email,
        wants_sms=profile.wants_sms,
    )
