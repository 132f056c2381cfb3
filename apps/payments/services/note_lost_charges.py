"""Note charges that did not last after money of them had gone back: a person has to see to what is missing."""

from collections.abc import Sequence

import structlog

from apps.kernel.events.payments import PaymentCaptureFailed
from apps.kernel.money import Money
from apps.payments.domain.settlements import Difference, DifferenceKind, Side
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.changes import Changes
from apps.payments.services.dispute_rules import step_once
from apps.payments.services.keep_differences import (
    PaymentDifference,
    keep_differences,
    list_known_differences,
)
from apps.payments.services.operations import cause_of
from apps.platform.telemetry.metrics import captures_failed_total

CODE, DETAIL = "capture_failed", "The payment could not be charged."

log = structlog.get_logger(__name__)


def note_lost_charges(*, charges: Sequence[PaymentOperation], changes: Changes) -> None:
    """Tell of each charge that nothing was charged, and keep it as a difference from its provider's books.

    Payment and ledger stay as they are: what went back is with the customer, and no more can have gone
    back than was charged. Nothing more of it is given back by itself, since it would be ours. The
    payments are locked, and stored by the caller. A charge that is noted already is passed over.
    """
    found: dict[str, list[PaymentDifference]] = {}
    for charge in charges:
        payment = charge.payment
        what = f"Capture failed ({CODE}) after money of it had gone back: nothing more is owed"
        if not step_once(payment, what, changes, cause_of(charge)):
            continue
        payment.undo_at = None
        changes.count(captures_failed_total, payment)
        changes.publish(
            payment,
            PaymentCaptureFailed(
                payment_id=payment.id,
                order_id=payment.order_id,
                amount_minor=charge.amount_minor,
                currency=payment.currency,
                code=CODE,
                detail=DETAIL,
                refunded_minor=payment.refunded_minor,
            ),
            cause_of(charge),
        )
        log.warning("charge_lost", payment_id=str(payment.id), order_id=str(payment.order_id))
        found.setdefault(payment.provider, []).append(_difference(charge, payment))
    for provider, differences in found.items():
        known = list_known_differences(
            provider, (), {one.difference.subject for one in differences}
        )
        keep_differences(provider=provider, found=differences, known=known, now=changes.now)


def _difference(charge: PaymentOperation, payment: Payment) -> PaymentDifference:
    """Give it by the name that the comparison with the provider's reports gives it."""
    return PaymentDifference(
        payment_id=payment.id,
        difference=Difference(
            kind=DifferenceKind.AMOUNT_DIFFERS,
            subject=f"{Side.CHARGE}:{charge.reference}",
            expected=Money(charge.amount_minor, payment.currency),
            found=Money.zero(payment.currency),
        ),
    )
