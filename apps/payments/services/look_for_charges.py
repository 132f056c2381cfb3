"""Have providers asked about charges that they tell of and nobody here made: somebody did, at their desk."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.payments.domain.operations import NEEDS_THE_AUTHORISATION, OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus, ProviderMessageRecord
from apps.payments.services.await_charges import asked_at, says_charged, was_asked_enough
from apps.payments.services.changes import Changes
from apps.payments.services.operations import causes_in_name_of_providers, lock_open_operations
from apps.platform.bulk import lock_many


def list_charges_told(
    messages: Sequence[ProviderMessageRecord], now: datetime
) -> list[ProviderMessageRecord]:
    """Give those of matched messages that tell of a charge which no call of ours is about to take in.

    So does what went back of one, or is disputed. A capture or a void that is under way decides by itself,
    and so does the capture that follows once an order is confirmed: what is only looked for would stand in
    its way. Mostly none, by one statement.
    """
    told = [one for one in messages if one.is_about_charge or one.dispute or says_charged(one)]
    if not told:
        return []
    calls = PaymentOperation.objects.filter(payment=OuterRef("pk"))
    deciding = calls.filter(kind__in=NEEDS_THE_AUTHORISATION, state__in=OPEN_STATES)
    uncharged = Payment.objects.filter(
        ~Exists(deciding),
        id__in={one.payment_id for one in told},
        status=PaymentStatus.AUTHORIZED,
    )
    if settings.OMS_CAPTURE_ON == "confirmation":
        uncharged = uncharged.filter(Exists(calls.filter(kind=OperationKind.CAPTURE)))
    asked = dict(uncharged.values_list("id", asked_at(calls)))
    return [
        one
        for one in told
        if one.payment_id in asked
        and not (one.is_about_charge and was_asked_enough(one, asked[one.payment_id], now))
    ]


def look_for_charges(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Have the provider asked whether, and of how much, each payment was charged; its answer counts.

    A payment that was charged meanwhile, or of which a call is open by now, is left alone.
    """
    if not messages:
        return
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in messages})}
        under_way = lock_open_operations(list(payments.values()))
        causes = causes_in_name_of_providers(messages)
        changes = Changes(now=now)
        for message in {one.payment_id: one for one in messages}.values():
            payment = payments[message.payment_id]  # type: ignore[index]  # matched
            if payment.status == PaymentStatus.AUTHORIZED and payment.id not in under_way:
                changes.look_for(payment, OperationKind.CAPTURE, causes[message.id])
        changes.write([])
