"""Calling an order off for its customer."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from apps.kernel.identifiers import OrderId
from apps.orders.admin.page import order_in_question
from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question, ReasonForm

CAUSES = {
    CancelReason.CUSTOMER_REQUEST: "The customer asked for it",
    CancelReason.REVIEW_REJECTED: "Our review rejected it",
}


class CancelForm(ReasonForm):
    """Asks why the order is called off, by kind and in words."""

    cause = forms.ChoiceField(
        label="Why",
        choices=[(reason.value, text) for reason, text in CAUSES.items()],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("cause", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "Kept in the audit log; the customer can read it too."


def cancellation_question(order: Order, *, back: str) -> Question:
    """Ask whether to call the order off."""
    return Question(
        title=f"Cancel order {order.number}",
        explanation=(
            "The reserved stock is released and the payment is voided or refunded. "
            "This cannot be taken back."
        ),
        submit="Cancel the order",
        back=back,
        is_dangerous=True,
        panel=order_in_question(order),
    )


def cancel_for_agent(
    request: HttpRequest, *, order_id: OrderId, reason: CancelReason, detail: str
) -> bool:
    """Call an order off and write down who did; False where that had happened already.

    Raises:
        OrderNotFound, IllegalTransition: see `cancel_order`. Nothing is written down.
    """
    with transaction.atomic():
        cancelled = cancel_order(
            order_id=order_id,
            reason=reason,
            detail=detail,
            cause=cause_of(request),
            now=timezone.now(),
        )
        if not cancelled.is_new:
            return False
        record_deed(
            request,
            action="orders.cancel",
            subject_type="order",
            subject_id=order_id,
            reason=detail,
            changes={
                "status": [cancelled.before, cancelled.order.status],
                "cancel_reason": ["", reason.value],
            },
        )
    return True
