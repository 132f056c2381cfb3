"""Take in what providers say of refunds that no call of ours asked for: somebody made them at their desk."""

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Count

from apps.kernel.cause import Cause
from apps.kernel.decoding import convert
from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.news import insist_on_amount
from apps.payments.domain.operations import OVERTAKEN, OperationKind, OperationState
from apps.payments.domain.settlements import Difference, DifferenceKind, Side
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import RefundNews
from apps.payments.services.changes import Changes
from apps.payments.services.keep_differences import (
    PaymentDifference,
    keep_differences,
    list_known_differences,
)
from apps.payments.services.operations import causes_in_name_of_providers, new_operation
from apps.payments.services.refund_rules import count_refund
from apps.platform.bulk import insert_together, lock_many

log = structlog.get_logger(__name__)


def note_external_refunds(*, messages: Sequence[ProviderMessageRecord], now: datetime) -> None:
    """Make refunds that matched messages tell of, and none of our calls made, part of their payments.

    Ours carry the name of the call, whose row was stored before it was made, so none of them is taken
    for an external one. Each is counted once, by the provider's name of it, as an operation that was
    only looked at: should the provider take it back, it is looked up and never made by us. It counts
    towards what is to go back; what goes beyond that is to go back from now on. One that has failed
    already, as told before, is left out. What a payment has no room for becomes a difference.

    Raises:
        NoSuchAmount: one tells of nothing, of less, or of more than can be written down.
    """
    news = {one.id: convert(one.refund, RefundNews) for one in messages if one.refund}
    told = [one for one in messages if one.id in news]
    external = _without_ours(told, news)
    if not external:
        return
    with transaction.atomic(savepoint=False):
        payments = {one.id: one for one in lock_many(Payment, {one.payment_id for one in external})}
        known = _list_known(payments)
        counts = _count_refunds(payments)
        causes = causes_in_name_of_providers(external)
        changes, operations = Changes(now=now), []
        too_much: dict[str, list[PaymentDifference]] = {}
        for message in sorted(external, key=lambda one: one.id):
            payment, refund = payments[message.payment_id], news[message.id]  # type: ignore[index]  # matched
            insist_on_amount(refund.amount_minor)
            if (payment.id, refund.reference) in known:
                continue
            known.add((payment.id, refund.reference))
            cause = causes[message.id]
            payment.updated_at = now
            if not _has_room(payment, refund):
                one_too_many = _too_much(payment, refund, cause, changes)
                too_much.setdefault(payment.provider, []).append(one_too_many)
                continue
            counts[payment.id] = counts.get(payment.id, 0) + 1
            operations.append(_record(payment, refund, counts[payment.id], cause, changes))
        for provider, found in too_much.items():
            _keep(provider, found, now)
        insert_together(operations)
        changes.write(list(payments.values()))


def _without_ours(
    messages: Sequence[ProviderMessageRecord], news: dict[int, RefundNews]
) -> list[ProviderMessageRecord]:
    """Leave out the refunds that a call of ours asked for: nearly all of them, by one statement.

    A call that was given up for less to go back counts for nothing: should it have been made all the
    same, that is as good as made at the provider's own desk.
    """
    named = {found for one in messages if (found := news[one.id].operation_id) is not None}
    ours = (
        set(
            PaymentOperation.objects.filter(id__in=named)
            .exclude(error_code=OVERTAKEN[0])
            .values_list("payment_id", "id")
        )
        if named
        else set()
    )
    return [one for one in messages if (one.payment_id, news[one.id].operation_id) not in ours]


def _list_known(payment_ids: Collection[PaymentId]) -> set[tuple[PaymentId | None, str]]:
    """Give the refunds that are counted already, and those that are known to have failed, by name.

    What a message tells that was given up is not known.
    """
    counted = PaymentOperation.objects.filter(
        payment_id__in=payment_ids, kind=OperationKind.REFUND
    ).values_list("payment_id", "reference")
    failed = ProviderMessageRecord.objects.filter(
        payment_id__in=payment_ids, is_setback=True, given_up_at=None
    ).values_list("payment_id", "call_reference")
    return {*counted, *failed}


def _count_refunds(payment_ids: Collection[PaymentId]) -> dict[PaymentId, int]:
    return dict(
        PaymentOperation.objects.filter(payment_id__in=payment_ids, kind=OperationKind.REFUND)
        .values_list("payment_id")
        .annotate(Count("id"))
    )


def _has_room(payment: Payment, refund: RefundNews) -> bool:
    left = payment.captured_minor - payment.refunded_minor - payment.lost_minor
    return payment.currency == refund.currency and refund.amount_minor <= left


def _record(
    payment: Payment, refund: RefundNews, nth: int, cause: Cause, changes: Changes
) -> PaymentOperation:
    operation = new_operation(
        payment,
        OperationKind.REFUND,
        amount_minor=refund.amount_minor,
        nth=nth,
        state=OperationState.SUCCEEDED,
        only_looks=True,
        cause=cause,
        now=changes.now,
    )
    operation.reference = refund.reference
    operation.payment = payment
    amount = Money(refund.amount_minor, refund.currency)
    changes.step(payment, f"Refund of {amount} made at the provider ({refund.reference})", cause)
    if not payment.is_unwanted:
        payment.refund_wanted_minor = max(
            payment.refund_wanted_minor, payment.refunded_minor + refund.amount_minor
        )
    count_refund(operation, payment, changes)
    if not payment.owes_money_back:
        payment.undo_at = None
    elif payment.undo_at is not None:
        # This is why the provider refused ours, which was of more than it had left.
        changes.undo(payment, cause, looks_first=True)
    return operation


def _too_much(
    payment: Payment, refund: RefundNews, cause: Cause, changes: Changes
) -> PaymentDifference:
    """Give a refund that the payment has no room for as a difference between its provider and us."""
    amount = Money(refund.amount_minor, refund.currency)
    what = f"Refund of {amount} made at the provider ({refund.reference}) does not fit into what is left"
    changes.step(payment, what, cause)
    log.warning(
        "external_refund_without_room",
        payment_id=str(payment.id),
        order_id=str(payment.order_id),
        refund=refund.reference,
    )
    return PaymentDifference(
        payment_id=payment.id,
        difference=Difference(
            kind=DifferenceKind.UNKNOWN_MOVEMENT,
            subject=f"{Side.REFUND}:{refund.reference}",
            expected=None,
            found=amount,
        ),
    )


def _keep(provider: str, found: Sequence[PaymentDifference], now: datetime) -> None:
    """Show them where the comparison with the provider's reports shows what it finds, by the same name."""
    known = list_known_differences(provider, (), {one.difference.subject for one in found})
    keep_differences(provider=provider, found=found, known=known, now=now)
