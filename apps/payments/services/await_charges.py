"""What went back of a charge that nobody here knows of: news of it waits for news of that charge."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus, ProviderMessageRecord
from apps.payments.services.message_pauses import pause_after, pause_before_charge

CHARGE_IS_TOLD = timedelta(hours=1)
"""How long news of a charge may take, counted from the news of what went back of it."""


def list_awaiting_charge(
    messages: Sequence[ProviderMessageRecord], payments: Mapping[int, PaymentId]
) -> dict[int, Callable[[int], timedelta]]:
    """Give the messages that wait for a charge, each with what its pauses go by; by one statement.

    A call that is open may have made it. So may somebody at the provider's desk: that is given up only once
    a call which was begun `CHARGE_IS_TOLD` after the message has ended without one.
    """
    about = [one for one in messages if one.is_about_charge and one.id in payments]
    if not about:
        return {}
    calls = PaymentOperation.objects.filter(payment=OuterRef("pk"))
    has_open = Exists(calls.filter(state__in=OPEN_STATES))
    rows = Payment.objects.filter(
        has_open | Q(status=PaymentStatus.AUTHORIZED),
        id__in={payments[one.id] for one in about},
        captured_minor=0,
    ).values_list("id", has_open, asked_at(calls))
    uncharged = {payment_id: state for payment_id, *state in rows}
    pauses: dict[int, Callable[[int], timedelta]] = {}
    for message in about:
        if payments[message.id] in uncharged:
            is_call_open, asked = uncharged[payments[message.id]]
            if is_call_open:
                pauses[message.id] = pause_after
            elif asked is None or asked < message.received_at + CHARGE_IS_TOLD:
                pauses[message.id] = pause_before_charge
    return pauses


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
