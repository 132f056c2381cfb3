"""Look at what the stored messages of providers concern.

A message is hardly ever taken at its word: it makes what is open about its payment due for a look-up,
whose answer counts. One of a charge that nobody here made, or of what went back of one, begins a look-up
of its own. So repeated, late and reordered messages do no harm. Only of disputes, and of refunds that no
call of ours asked for, there is nothing to look up: what the provider says of them goes one way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import OperationState
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.services.await_charges import list_awaiting_charge
from apps.payments.services.known_payments import KnownPayments
from apps.payments.services.look_again import look_again
from apps.payments.services.look_for_charges import list_charges_told, look_for_charges
from apps.payments.services.message_pauses import pause_after, pause_while_open
from apps.payments.services.note_contradictions import list_contradictions, note_contradictions
from apps.payments.services.note_disputes import note_disputes
from apps.payments.services.note_external_refunds import note_external_refunds
from apps.payments.services.note_failures import note_failure
from apps.payments.services.note_unmatched import note_unmatched
from apps.payments.services.review_setbacks import Setback, review_setbacks
from apps.platform.bulk import lock_many, update_many

HANDLE_MESSAGES = "payments.messages:"
BATCH = 100
GIVE_UP_AFTER = timedelta(days=3)
IN_FLIGHT_PAUSE = timedelta(seconds=1)
PASSING = (OperationalError, InterfaceError)
"""The database is away, or two of us met: that says nothing of a message."""
_FIELDS = ("attempts", "failure", "handled_at", "next_at", "payment_id", "is_unmatched")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """How it ended to handle a message by itself: another worker has it, or it failed, or it is handled."""

    is_held: bool = False
    failed_by: type[Exception] | None = None


def handle_messages(*, now: datetime) -> int:
    """Match stored messages to payments and have what they are about looked up.

    That is what is open about the payment; where nothing is, and the message tells of a setback,
    what had succeeded. One that tells of a call what its answer has told already has nothing looked
    up: most do, and each look costs as much as a call. One of what went back of a charge that is not known
    waits for that charge, and one of a charge for the authorisation that is under way. A message whose
    payment is not known yet waits and is matched later, less and less often, for up to three days; then
    it is put aside as unmatched, and if it tells of a dispute or a refund, a person is shown that. One that
    cannot be handled is tried again, too, for as long as that is so. Returns the number of messages looked
    at: where that is a whole batch, more may be due.

    Raises:
        OperationalError, InterfaceError: the database is away, or two of us met. What was committed
            stays; all else is still due.
    """
    # Apart from the others, because these lock payments, which comes before locking their calls; and
    # first, since a refund that failed is what one made at the provider's own desk makes up for.
    setbacks = _handle_due(is_setback=True, now=now)
    return setbacks + _handle_due(is_setback=False, now=now)


def _handle_due(*, is_setback: bool, now: datetime) -> int:
    """Handle what is due together; where that fails, each by itself, so that none holds up the others."""
    due = ProviderMessageRecord.objects.filter(
        handled_at=None, next_at__lte=now, is_setback=is_setback
    ).order_by("next_at")
    try:
        return _handle(due, is_setback=is_setback, now=now)
    except PASSING:
        raise
    except Exception as error:
        # Whatever it is, a mistake of ours included: the others are not to wait for its mend.
        ids = list(due.values_list("id", flat=True)[:BATCH])
        tried = [_handle_alone(due, one, is_setback=is_setback, now=now) for one in ids]
        # What another worker has by now may be what failed here: then that one says so.
        is_explained = any(one.is_held or one.failed_by is type(error) for one in tried)
        if tried and not is_explained:
            log.warning("messages_failed_together", batch_size=len(ids), exc_info=error)
        # One that another worker has counts with those that were tried, or a full batch would not look full,
        # and what is due behind it would wait.
        return len(ids) if any(not one.is_held for one in tried) else 0


def _handle_alone(
    due: QuerySet[ProviderMessageRecord], message_id: int, *, is_setback: bool, now: datetime
) -> _Tried:
    message = due.filter(id=message_id).first()
    if message is None:
        return _Tried(is_held=True)
    payment_id = None
    try:
        # Found beforehand: what fails takes back all that was written with it.
        payment_id = _payments_of([message]).get(message.id)
        handled = _handle(due.filter(id=message.id), is_setback=is_setback, now=now)
    except PASSING:
        raise
    except Exception as error:
        note_failure(message=message, payment_id=payment_id, error=error, now=now)
        return _Tried(failed_by=type(error))
    return _Tried(is_held=not handled)


def _handle(due: QuerySet[ProviderMessageRecord], *, is_setback: bool, now: datetime) -> int:
    with transaction.atomic(savepoint=False):
        messages = list(due.select_for_update(skip_locked=True)[:BATCH])
        if not messages:
            return 0
        payments = _payments_of(messages)
        looked_up = _decide(messages, payments, now)
        # One may name a payment of another provider's: that is no match.
        matched = [one for one in messages if one.handled_at and one.id in payments]
        contradictions = list_contradictions([one for one in messages if one.handled_at])
        to_change = {payments[one.id] for one in matched if one.dispute or one.refund}
        to_change |= {PaymentId(one.call.payment_id) for one in contradictions}
        charges = list_charges_told(
            [one for one in messages if payments.get(one.id) in looked_up], now
        )
        to_change |= {payments[one.id] for one in charges}
        # All that is changed below, in one statement: locks that are taken bit by bit have no order.
        lock_many(Payment, to_change | looked_up.keys() if is_setback else to_change)
        if is_setback:
            postponed = review_setbacks(about=looked_up, now=now)
            for message in matched:
                if (payments[message.id], Setback.of(message)) in postponed:
                    message.handled_at = None
                    message.next_at = now + pause_while_open(message.attempts)
            matched = [one for one in matched if one.handled_at]
            contradictions = [one for one in contradictions if one.message.handled_at]
        else:
            look_again(payment_ids=looked_up, now=now)
        update_many(messages, fields=_FIELDS)
        note_unmatched(messages=[one for one in messages if one.is_unmatched], now=now)
        note_disputes(messages=[one for one in matched if one.dispute], now=now)
        note_external_refunds(messages=[one for one in matched if one.refund], now=now)
        note_contradictions(contradictions=contradictions, now=now)
        look_for_charges(messages=charges, now=now)
    return len(messages)


def _decide(
    messages: Sequence[ProviderMessageRecord], payments: Mapping[int, PaymentId], now: datetime
) -> dict[PaymentId, set[Setback]]:
    """Decide which messages are handled now and when the others are due again, for the caller to store.

    Gives the payments that they have looked up, with what is said not to have lasted of each.
    """
    looked_up: dict[PaymentId, set[Setback]] = {}
    in_flight = _list_in_flight(payments.values())
    known = _list_known(messages, payments)
    # Most charges are known by the answer to our own call: nothing is asked about them.
    news = [one for one in messages if one.id not in known]
    awaiting_charge = list_awaiting_charge(news, payments)
    for message in messages:
        payment_id = payments.get(message.id)
        message.payment_id = payment_id or message.payment_id
        message.attempts += 1
        message.failure = ""
        if message.id in known:
            message.handled_at = now
        elif payment_id in in_flight:
            # The call under way may have been answered before this happened: look after it.
            message.next_at = now + IN_FLIGHT_PAUSE
        elif payment_id is not None and message.id in awaiting_charge:
            # There was a charge, and an authorisation before it: hear of these first.
            looked_up.setdefault(payment_id, set())
            message.next_at = now + awaiting_charge[message.id](message.attempts)
        elif payment_id is not None:
            looked_up.setdefault(payment_id, set()).add(Setback.of(message))
            message.handled_at = now
        elif now - message.received_at > GIVE_UP_AFTER or _names_nothing(message):
            message.handled_at = now
            # What names nothing is a report, or another shop's; unless it moves money.
            message.is_unmatched = not _names_nothing(message) or _is_about_money(message)
        else:
            message.next_at = now + pause_after(message.attempts)
    return looked_up


def _names_nothing(message: ProviderMessageRecord) -> bool:
    return message.payment_id is None and not message.reference


def _is_about_money(message: ProviderMessageRecord) -> bool:
    return bool(message.dispute or message.refund)


def _list_in_flight(payment_ids: Iterable[PaymentId]) -> set[PaymentId]:
    return set(
        PaymentOperation.objects.filter(
            payment_id__in=list(payment_ids), state=OperationState.IN_FLIGHT
        ).values_list("payment_id", flat=True)
    )


def _list_known(
    messages: Sequence[ProviderMessageRecord], payments: Mapping[int, PaymentId]
) -> set[int]:
    """Give the messages that say of a call that it was done which we know to have succeeded.

    A setback is looked into whatever is known, and what is told of refunds and disputes counts by itself.
    """
    told = {
        one.id: (payments[one.id], call)
        for one in messages
        if one.was_done and one.id in payments and (call := one.call_reference or one.reference)
        if not (one.is_setback or one.refund or one.dispute)
    }
    if not told:
        return set()
    succeeded = set(
        PaymentOperation.objects.filter(
            payment_id__in={payment for payment, _ in told.values()},
            state=OperationState.SUCCEEDED,
        ).values_list("payment_id", "reference")
    )
    return {message for message, call in told.items() if call in succeeded}


def _payments_of(messages: Sequence[ProviderMessageRecord]) -> dict[int, PaymentId]:
    """Find the payment of each message, by our id where it was sent along, else by reference."""
    known = KnownPayments(
        ids={message.payment_id for message in messages},
        references={message.reference for message in messages},
    )
    found = {
        one.id: known.by_id(one.provider, one.payment_id)
        or known.by_name(one.provider, one.reference)
        for one in messages
    }
    return {message_id: payment for message_id, payment in found.items() if payment is not None}
