"""What payments adds to the page of an order, and the tables of its own pages."""

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.kernel.identifiers import OrderId
from apps.payments.admin.disputes import disputes_table
from apps.payments.admin.documents import documents_table
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.operations import (
    ENDED_BADLY,
    OperationKind,
    OperationState,
)
from apps.payments.models import Dispute, Payment, PaymentOperation, PaymentStatus, PaymentStep
from apps.payments.queries import find_payment_of_order, list_documents
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.formatting import (
    NOTHING,
    Tone,
    badge,
    duration,
    identifier,
    lines,
    link,
    moment,
    money,
)
from apps.platform.backoffice.panels import Panel, Table, order_panel

TONES: dict[str, Tone] = {
    PaymentStatus.PENDING: Tone.INFO,
    PaymentStatus.REQUIRES_ACTION: Tone.WARNING,
    PaymentStatus.AUTHORIZED: Tone.SUCCESS,
    PaymentStatus.CAPTURED: Tone.SUCCESS,
    PaymentStatus.PARTIALLY_REFUNDED: Tone.NEUTRAL,
    PaymentStatus.REFUNDED: Tone.NEUTRAL,
    PaymentStatus.VOIDED: Tone.NEUTRAL,
    PaymentStatus.FAILED: Tone.DANGER,
}
STATE_TONES: dict[str, Tone] = {
    OperationState.PENDING: Tone.INFO,
    OperationState.IN_FLIGHT: Tone.INFO,
    OperationState.UNKNOWN: Tone.WARNING,
    OperationState.WAITING: Tone.WARNING,
    OperationState.SUCCEEDED: Tone.SUCCESS,
    OperationState.DECLINED: Tone.DANGER,
    OperationState.FAILED: Tone.DANGER,
}


@order_panel("Payment", position=20, permission="payments.view_payment")
def show_payment(order_id: OrderId) -> Panel:
    """Tell what became of the order's money, call by call."""
    payment = find_payment_of_order(order_id)
    if payment is None:
        return Panel(note="The payment was not asked for yet.")
    if payment.never_began:
        return Panel(note="The order was called off before its payment began.")
    page = reverse("admin:payments_payment_change", args=[payment.id])
    operations = list(payment.operations.all())
    disputes = list(payment.disputes.all())
    documents = list_documents(payment.id)
    return Panel(
        alert=dispute_alert_of(payment, disputes) or attention_of(payment, operations),
        facts=(
            ("Status", badge(payment.status, TONES)),
            ("Provider", payment.provider),
            ("Method", method_of(payment)),
            ("Captured", money(payment.captured_minor, payment.currency)),
            ("Refunded", money(payment.refunded_minor, payment.currency)),
            *((("Why it failed", payment.failure_detail),) if payment.failure_detail else ()),
            ("Payment", link(page, f"…{str(payment.id)[-8:]}")),
        ),
        tables=(
            operations_table(operations, payment.currency),
            *((disputes_table(disputes, payment),) if disputes else ()),
            *((documents_table(documents),) if documents else ()),
        ),
    )


def dispute_alert_of(payment: Payment, disputes: Iterable[Dispute]) -> str:
    """Say what a person has to do about a charge that is or was disputed, where there is something."""
    waits = " What is to go back of it waits for the decision." if payment.waits_for_dispute else ""
    opened = [one for one in disputes if one.state == DisputeState.OPENED]
    said = []
    if any(not one.is_reversal for one in opened):
        said.append(
            "The customer's bank disputes a charge: answer it in the provider's own books in time."
        )
    if any(one.is_reversal for one in opened):
        said.append(
            "The customer's bank has taken a charge back, and the provider tells of no dispute of it: send "
            "nothing more, see in its books whether that is final, and say of the dispute below that it was lost or "
            "won."
        )
    if said:
        return f"{' '.join(said)}{waits}"
    # Lost in another currency: nobody but a person can say how much of the charge that was.
    return f"A dispute was lost in another currency.{waits}" if waits else ""


def attention_of(payment: Payment, operations: Iterable[PaymentOperation]) -> str:
    """Say what a person has to do about the payment, where there is something to do."""
    if payment.status == PaymentStatus.AUTHORIZED and payment.is_ending_known:
        return (
            "Nothing is charged yet, and the provider lets the authorisation go at "
            f"{payment.authorized_until:%d %b %H:%M} UTC: capture it, or cancel the order."
        )
    calls = list(operations)
    refused = [
        one
        for one in calls
        if one.kind not in (OperationKind.AUTHORIZE, OperationKind.RENEW)
        and one.state in ENDED_BADLY
        and not one.only_looks
    ]
    if not refused or any(one.is_open for one in calls):
        return ""
    last = refused[-1]
    what = f"The provider refused the {last.kind}: {last.error_detail or 'no reason'}"
    if payment.owes_money_back:
        return (
            f"{what} See in the provider's own books why; the order waits until the money is back. "
            "It is tried again by itself, less and less often, or by whoever asks for it here."
        )
    if payment.status == PaymentStatus.AUTHORIZED:
        return f"{what} Nothing was charged. An order that has not left yet is called off."
    return ""


def money_of(payment: Payment, minor: int) -> SafeString:
    """Show an amount of the payment; nothing where it never began, and has no currency."""
    return NOTHING if payment.never_began else money(minor, payment.currency)


def method_of(payment: Payment) -> str:
    """Name the means of payment as its owner knows it."""
    ending = f"…{payment.last4}" if payment.last4 else ""
    return " ".join(filter(None, (payment.brand or payment.method_type, ending)))


def _times(operation: PaymentOperation) -> SafeString:
    """Show when the call was asked for, and when it ended or is tried next."""
    if operation.is_open:
        return lines(
            moment(operation.created_at), format_html("next {}", moment(operation.next_at))
        )
    took = duration(operation.updated_at - operation.created_at)
    return lines(moment(operation.created_at), f"took {took}")


def operations_table(operations: Iterable[PaymentOperation], currency: str) -> Table:
    """List calls to the provider, the oldest first."""
    return Table(
        headings=("Call", "State", "Amount", "Attempts", "When", "Reference or error"),
        numbers=frozenset({"Amount", "Attempts"}),
        rows=[
            (
                link(
                    reverse("admin:payments_paymentoperation_change", args=[one.id]),
                    one.kind,
                ),
                badge(one.state, STATE_TONES),
                money(one.amount_minor, currency),
                str(one.attempts),
                _times(one),
                lines(
                    identifier(one.reference) if one.reference else "",
                    ": ".join(filter(None, (one.error_code, one.error_detail))),
                    f"The provider's code: {one.provider_code}" if one.provider_code else "",
                ),
            )
            for one in operations
        ],
    )


def history_table(steps: Sequence[PaymentStep]) -> Table:
    """List what happened to a payment, the oldest first, with who wanted it and what led to it."""
    names = name_actors(one.actor for one in steps)
    return Table(
        headings=("When", "What", "Status", "Who", "Because of"),
        rows=[
            (
                moment(one.at),
                one.what,
                badge(one.to_status, TONES),
                names[one.actor],
                identifier(one.causation_id),
            )
            for one in steps
        ],
    )
