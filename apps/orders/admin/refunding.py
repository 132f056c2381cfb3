"""Giving money of an order back for its customer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.kernel.identifiers import OrderId
from apps.kernel.money import InvalidAmount, Money, exponent
from apps.orders.admin.page import order_in_question
from apps.orders.models import CreditNote, Order, OrderItem, OrderRefund, RefundStatus
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question, ReasonForm
from apps.platform.backoffice.formatting import Tone, badge, identifier, lines, moment, money
from apps.platform.backoffice.panels import Panel, Table

TONES: dict[str, Tone] = {
    RefundStatus.REQUESTED: Tone.INFO,
    RefundStatus.FAILING: Tone.DANGER,
    RefundStatus.DONE: Tone.SUCCESS,
    RefundStatus.NOT_OWED: Tone.NEUTRAL,
}


class RefundForm(ReasonForm):
    """Asks how much: an amount, units of lines with their share of the shipping, or all that is left."""

    amount = forms.CharField(
        label="Amount",
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, data: Any, *, order: Order, items: Sequence[OrderItem]) -> None:
        super().__init__(data)
        self._order = order
        self._units = {f"units_{item.position}": item for item in items}
        self.fields["amount"].label = f"Amount in {order.currency}"
        self.fields[
            "amount"
        ].help_text = "Leave it and the units below empty to give back all that is left."
        for name, item in self._units.items():
            self.fields[name] = forms.IntegerField(
                label=f"Units of {item.sku}",
                required=False,
                min_value=0,
                max_value=item.quantity,
                widget=UnfoldAdminIntegerFieldWidget(),
                help_text=f"{item.name}, {item.quantity} bought",
            )
        self.order_fields(["amount", *self._units, "reason"])

    def clean_amount(self) -> int | None:
        """Read the amount as minor units."""
        text: str = self.cleaned_data["amount"].strip()
        if not text:
            return None
        try:
            return Money.parse(text, self._order.currency).amount_minor
        except InvalidAmount as refusal:
            raise ValidationError(refusal.detail) from refusal

    def clean(self) -> dict[str, Any] | None:
        """Refuse an amount and units at once."""
        cleaned = super().clean()
        if self.cleaned_data.get("amount") is not None and self._chosen():
            raise ValidationError("Name an amount or units, not both.")
        return cleaned

    def wish(self) -> RefundWish:
        """Give what was asked for."""
        units = self._chosen()
        return RefundWish(amount_minor=self.cleaned_data["amount"], units=units or None)

    def _chosen(self) -> Mapping[str, int]:
        units: dict[str, int] = {}
        for name, item in self._units.items():
            quantity = self.cleaned_data.get(name)
            if quantity:
                units[item.sku] = units.get(item.sku, 0) + quantity
        return units


def refund_question(order: Order, *, back: str) -> Question:
    """Ask how much goes back."""
    return Question(
        title=f"Refund order {order.number}",
        explanation=(
            "The money goes back the way it came; the order goes on as it is. "
            "To call the order off, cancel it instead. This cannot be taken back."
        ),
        submit="Refund",
        back=back,
        is_dangerous=True,
        panel=order_in_question(order),
    )


def refund_for_agent(
    request: HttpRequest, *, order_id: OrderId, currency: str, wish: RefundWish, reason: str
) -> OrderRefund:
    """Ask for the money to go back and write down who did.

    Raises:
        OrderNotFound, NothingToRefund, InvalidRefund: see `refund_order`. Nothing is written down.
    """
    with transaction.atomic():
        refund = refund_order(
            order_id=order_id,
            wish=wish,
            reason=reason,
            cause=cause_of(request),
            now=timezone.now(),
            at_most_minor=limit_of(request, currency),
        )
        record_deed(
            request,
            action="orders.refund",
            subject_type="order",
            subject_id=order_id,
            reason=reason,
            changes={"refund": ["", str(refund.id)], "amount_minor": [0, refund.amount_minor]},
        )
    return refund


def limit_of(request: HttpRequest, currency: str) -> int | None:
    """Give what the person may give back of one order, in minor units; None without a limit."""
    if request.user.has_perm("orders.refund_any_amount"):
        return None
    # The setting counts hundredths, whatever decimals the currency has.
    return int(settings.OMS_LEAD_REFUND_HUNDREDTHS * 10 ** exponent(currency) // 100)


def refunds_panel(
    order: Order, refunds: Sequence[OrderRefund], credit_notes: Sequence[CreditNote]
) -> Panel | None:
    """List what was given back, or is to be, and the credit notes that tell of it."""
    if not refunds:
        return None
    return Panel(
        tables=(
            Table(
                headings=("Asked for", "Amount", "For", "Status", "Reason", "By"),
                numbers=frozenset({"Amount"}),
                rows=[
                    (
                        moment(refund.created_at),
                        money(refund.amount_minor, order.currency),
                        ", ".join(f"{line['quantity']} × {line['sku']}" for line in refund.lines)
                        or "–",
                        _status(order, refund),
                        refund.reason,
                        identifier(refund.requested_by),
                    )
                    for refund in refunds
                ],
            ),
            Table(
                headings=("Credit note", "Amount", "Numbered", "Cancelled by"),
                numbers=frozenset({"Amount"}),
                rows=[
                    (
                        one.number,
                        money(one.amount_minor, order.currency),
                        moment(one.issued_at),
                        one.cancelled_by,
                    )
                    for one in credit_notes
                ],
            ),
        )
    )


def _status(order: Order, refund: OrderRefund) -> SafeString:
    """Show where it stands, and how much of it the customer's bank took back instead."""
    shown = badge(refund.status, TONES)
    if not refund.not_owed_minor:
        return shown
    amount = Money(refund.not_owed_minor, order.currency)
    return lines(shown, f"{amount} taken back by the customer's bank")
