"""Change what is known of a customer."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import CustomerHasChanged
from apps.customers.models import Customer
from apps.customers.services.customer_rows import lock_customer, profile_fields, store_customer
from apps.kernel.cause import Cause
from apps.kernel.events.customers import CustomerChanged
from apps.kernel.identifiers import CustomerId
from apps.platform.audit.recording import record
from apps.platform.outbox.publishing import Fact, publish


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanges:
    """What is to be different; None leaves a field as it is. The region cannot be changed."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    wants_email: bool | None = None
    wants_sms: bool | None = None

    def applied_to(self, before: Profile) -> Profile:
        """Give the profile as it will be.

        Raises:
            InvalidProfile: a new part is not what it should be.
        """
        return Profile.build(
            name=before.name if self.name is None else self.name,
            email=before.email if self.email is None else self.email,
            phone=before.phone if self.phone is None else self.phone,
            locale=before.locale if self.locale is None else self.locale,
            region=before.region,
            wants_email=before.wants_email if self.wants_email is None else self.wants_email,
            wants_sms=before.wants_sms if self.wants_sms is None else self.wants_sms,
        )


def change_profile(
    *,
    customer_id: CustomerId,
    changes: ProfileChanges,
    expected_version: int | None = None,
    cause: Cause,
    now: datetime,
) -> Customer:
    """Change the profile, publish CustomerChanged and leave an entry in the audit log.

    Where nothing is different afterwards, nothing is written or published; so asking again changes
    nothing. With `expected_version` it is the profile that the caller has seen, or none.

    Raises:
        CustomerNotFound: no such customer.
        CustomerHasChanged: the version is another one by now.
        InvalidProfile: a new part is not what it should be.
        EmailTaken: another customer has the new email address.
    """
    with transaction.atomic():
        customer = lock_customer(customer_id)
        if expected_version not in (None, customer.version):
            raise CustomerHasChanged("The profile has changed in the meantime; read it again.")
        before = customer.profile
        profile = changes.applied_to(before)
        changed = profile.changed_fields(before)
        if not changed:
            return customer
        customer.take_over(profile)
        customer.version += 1
        customer.updated_at = now
        store_customer(customer, is_new=False)
        record(
            actor=cause.actor,
            action="customers.change_profile",
            subject_type="customer",
            subject_id=customer.id,
            now=now,
            # Names of fields only: the log is kept longer than the customer may want to be known.
            changes={"fields": changed},
            correlation_id=cause.correlation_id,
        )
        fact = CustomerChanged(**profile_fields(customer.id, profile))
        publish([Fact(event=fact, seq=customer.version, cause=cause)])
    return customer
