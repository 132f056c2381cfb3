"""News of charges that nobody here knows of, and of what went back of them: some of it waits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.kernel.identifiers import PaymentId
from apps.payments.adapters.registry import tells_of_charge
from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus, ProviderMessageRecord
from apps.payments.services.message_pauses import pause_after, pause_before_charge

CHARGE_IS_TOLD = timedelta(hours=1)
"""How long news of a charge may take, counted from the news of what went back of it."""


def says_charged(message: ProviderMessageRecord) -> bool:
    """Whether a message says that its payment was charged."""
    return message.was_done is not False and tells_of_charge(message.provider, message.kind)


def list_awaiting_charge(
    messages: Sequence[ProviderMessageRecord], payments: Mapping[int, PaymentId]
) -> dict[int, Callable[[int], timedelta]]:
    """Give the messages that wait, each with what its pauses go by; by one statement.

    What went back waits for its charge. A call that is open may have made that, or somebody at the provider's
    desk: it is given up only once a call which was begun `CHARGE_IS_TOLD` after the message has ended without
    a charge. News of the charge itself waits for an authorisation, or a renewal, that is under way, since
    nothing is looked for before that has ended.
    """
    about = [
        one for one in messages if one.id in payments and (one.is_about_charge or says_charged(one))
    ]
    if not about:
        return {}
    calls = PaymentOperation.objects.filter(payment=OuterRef("pk"))
    open_calls = calls.filter(state__in=OPEN_STATES)
    rows = Payment.objects.filter(
        Exists(open_calls) | Q(status=PaymentStatus.AUTHORIZED),
        id__in={payments[one.id] for one in about},
        captured_minor=0,
    ).values_list(
        "id",
        Exists(open_calls),
        Exists(open_calls.filter(kind__in=(OperationKind.AUTHORIZE, OperationKind.RENEW))),
        asked_at(calls),
    )
    uncharged = {payment_id: state for payment_id, *state in rows}
    pauses: dict[int, Callable[[int], timedelta]] = {}
    for message in about:
        if payments[message.id] in uncharged:
            is_call_open, is_authorising, asked = uncharged[payments[message.id]]
            if is_call_open and message.is_about_charge:
                pauses[message.id] = pause_after
            elif is_authorising or (message.is_about_charge and _may_still_be_told(message, asked)):
                pauses[message.id] = pause_before_charge
    return pauses


def _may_still_be_told(message: ProviderMessageRecord, asked: datetime | None) -> bool:
    return asked is None or asked < message.received_at + CHARGE_IS_TOLD


def was_asked_enough(message: ProviderMessageRecord, asked: datetime | None, now: datetime) -> bool:
    """Whether the charge that a message waits for was looked for as often as is worth it, last when it was `asked`.

    That is once, and once more when news of it should have come.
    """
    last_time = message.received_at + CHARGE_IS_TOLD
    return asked is not None and asked >= (last_time if now >= last_time else message.received_at)


def asked_at(calls: QuerySet[PaymentOperation]) -> Subquery:
    """Give when the newest of some calls was recorded that charges, or asks whether somebody did."""
    newest = calls.filter(kind=OperationKind.CAPTURE).order_by("-created_at")
    return Subquery(newest.values("created_at")[:1])
