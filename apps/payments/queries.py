"""Reading payments."""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Q

from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.payments.adapters.registry import SANDBOX, is_set_up
from apps.payments.domain.operations import MONEY_BACK, OPEN_STATES
from apps.payments.domain.refusals import PaymentNotFound
from apps.payments.models import (
    Document,
    Payment,
    PaymentOperation,
    PaymentStatus,
    SandboxApproval,
)
from apps.platform.telemetry.metrics import (
    dispute_wait_seconds,
    reconciliation_age_seconds,
    refunds_stuck,
    settlement_differences_open,
)

_RECONCILED = """
SELECT g.name, coalesce(extract(epoch FROM now() - r.ended_at), 'Infinity'),
       (SELECT count(*) FROM payments_settlementdifference d
        WHERE d.provider = g.name AND d.state = 'open')
FROM unnest(%s::text[]) AS g(name) LEFT JOIN payments_reconciliation r ON r.provider = g.name
"""
# As `waits_for_dispute` of a payment. One lost in another currency is waited for, too: for a person.
_WAITING_FOR_DISPUTES = """
SELECT g.name, coalesce(extract(epoch FROM now() - min(w.opened_at)), 0)
FROM unnest(%s::text[]) AS g(name) LEFT JOIN (
    SELECT p.provider, d.opened_at
    FROM payments_payment p JOIN payments_dispute d ON d.payment_id = p.id
    WHERE p.disputed_minor > 0 AND p.status IN ('captured', 'partially_refunded')
      AND least(CASE WHEN p.is_unwanted THEN p.captured_minor ELSE p.refund_wanted_minor END,
                p.captured_minor - p.lost_minor) - p.refunded_minor
          > greatest(0, p.captured_minor - p.refunded_minor - p.disputed_minor - p.lost_minor)
      AND (d.state = 'opened' OR d.state = 'lost' AND d.currency NOT IN ('', p.currency))
) w ON w.provider = g.name
GROUP BY g.name
"""
# Refused, until it is tried again; or open for so long that finance may say how it ended.
_STUCK_REFUNDS = """
SELECT g.name, count(s.payment_id)
FROM unnest(%s::text[]) AS g(name) LEFT JOIN (
    SELECT provider, id AS payment_id FROM payments_payment WHERE undo_at IS NOT NULL
    UNION
    SELECT p.provider, p.id
    FROM payments_paymentoperation w JOIN payments_payment p ON p.id = w.payment_id
    WHERE w.kind = ANY(%s) AND w.state = ANY(%s) AND NOT (w.kind = 'void' AND w.only_looks)
      AND w.created_at < now() - %s * interval '1 minute'
) s ON s.provider = g.name
GROUP BY g.name
"""


def get_payment(payment_id: PaymentId, *, customer_id: CustomerId | None) -> Payment:
    """Give one payment with its operations; a customer sees their own alone.

    One that never began is none.

    Raises:
        PaymentNotFound: there is none, or it is somebody else's.
    """
    payments = (
        Payment.objects.prefetch_related("operations").filter(id=payment_id).exclude(currency="")
    )
    if customer_id is not None:
        payments = payments.filter(customer_id=customer_id)
    payment = payments.first()
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment


def find_payment_of_order(order_id: OrderId) -> Payment | None:
    """Give the payment of an order with its operations, the oldest first."""
    return Payment.objects.prefetch_related("operations").filter(order_id=order_id).first()


def list_open_calls(payment_id: PaymentId) -> list[PaymentOperation]:
    """Give the calls of a payment that may still bring about something."""
    return list(PaymentOperation.objects.filter(payment_id=payment_id, state__in=OPEN_STATES))


def list_documents(payment_id: PaymentId) -> list[Document]:
    """Give the receipts and credit notes of a payment with what they cancel, the oldest first."""
    return list(
        Document.objects.filter(payment_id=payment_id)
        .select_related("cancels__document")
        .order_by("id")
    )


def get_payment_to_approve(reference: str) -> Payment:
    """Give the sandbox payment that waits, or has waited, for a customer under a reference.

    Raises:
        PaymentNotFound: there is none, or the sandbox is not in use.
    """
    payment = None
    if is_set_up(SANDBOX):
        payment = Payment.objects.filter(provider=SANDBOX, authorization=reference).first()
    if payment is None:
        raise PaymentNotFound("No payment waits for this approval.")
    return payment


def find_payment_to_go_on_with(payment_id: PaymentId, now: datetime) -> Payment | None:
    """Give a payment that its customer may still approve at the provider.

    None where it is decided or nobody wants it any more, where their time is over, or where there is none.
    """
    waiting = Payment.objects.filter(
        id=payment_id,
        status=PaymentStatus.REQUIRES_ACTION,
        is_unwanted=False,
        action_expires_at__gt=now,
    )
    return waiting.exclude(action_url="").first()


def has_ended_unpaid(payment_id: PaymentId) -> bool:
    """Whether a payment failed, or was or is being let go; False where there is none."""
    ended = Q(status__in=(PaymentStatus.FAILED, PaymentStatus.VOIDED)) | Q(is_unwanted=True)
    return Payment.objects.filter(ended, id=payment_id).exists()


def waits_for_approval(payment: Payment, now: datetime) -> bool:
    """Whether a sandbox payment may still be approved, and its customer has decided nothing yet."""
    return (
        find_payment_to_go_on_with(payment.id, now) is not None
        and not SandboxApproval.objects.filter(reference=payment.authorization).exists()
    )


def refresh_gauges() -> None:
    """Bring the metrics of reconciliation, disputes and stuck refunds up to date; called when they are read.

    A provider that was never compared is infinitely old, or nobody would ever hear of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECONCILED, [list(settings.OMS_GATEWAYS)])
        for gateway, age, differences in cursor.fetchall():
            settlement_differences_open.labels(gateway=gateway).set(differences)
            reconciliation_age_seconds.labels(gateway=gateway).set(float(age))
        cursor.execute(_WAITING_FOR_DISPUTES, [list(settings.OMS_GATEWAYS)])
        for gateway, age in cursor.fetchall():
            dispute_wait_seconds.labels(gateway=gateway).set(float(age))
        cursor.execute(
            _STUCK_REFUNDS,
            [
                list(settings.OMS_GATEWAYS),
                list(MONEY_BACK),
                list(OPEN_STATES),
                settings.OMS_WAITING_CALL_MINUTES,
            ],
        )
        for gateway, stuck in cursor.fetchall():
            refunds_stuck.labels(gateway=gateway).set(stuck)
