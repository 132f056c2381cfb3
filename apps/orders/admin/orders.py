"""The list of orders, the page of one, and what an agent may do there."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.kernel.errors import DomainError
from apps.kernel.identifiers import OrderId, read_id
from apps.kernel.money import Money
from apps.orders.admin.cancelling import CancelForm, cancel_for_agent, cancellation_question
from apps.orders.admin.page import (
    PAYMENT_TONES,
    TONES,
    attention_of,
    delivery_panel,
    items_table,
    record_panel,
    timeline_of,
    totals_of,
)
from apps.orders.admin.refunding import (
    RefundForm,
    refund_for_agent,
    refund_question,
    refunds_panel,
)
from apps.orders.admin.releasing import release_for_agent, release_question
from apps.orders.admin.searching import HELP, StuckFilter, search_orders
from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order
from apps.orders.queries import list_credit_notes, list_items, list_refunds, list_steps
from apps.orders.services.refund_order import is_refundable
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin, page_action, recent
from apps.platform.backoffice.asking import ReasonForm, ask
from apps.platform.backoffice.formatting import ORDER_PAGE, badge, moment, money, short_id
from apps.platform.backoffice.panels import Panel, TitledPanel, list_order_panels


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """An order changes through its use cases only; the page tells what happened to it."""

    change_form_template = "orders/order_page.html"
    list_display = ("number", "status_shown", "customer", "total", "payment", "placed_at")
    list_filter = (
        "status",
        recent(field="payment_status", title="payment", choices=tuple(PAYMENT_TONES)),
        StuckFilter,
        ("created_at", MadeBetween),
    )
    list_filter_submit = True
    search_fields = ("number",)
    search_help_text = HELP
    ordering = ("-id",)
    fields = ("number",)
    actions_detail = ("release", "refund", "cancel")

    @admin.display(description="Status")
    def status_shown(self, order: Order) -> SafeString:
        """Show the status."""
        return badge(order.status, TONES)

    @admin.display(description="Customer")
    def customer(self, order: Order) -> SafeString:
        """Show who gets the parcels, and which customer ordered."""
        name = order.shipping_address.get("name", "")
        return format_html("{} {}", name, short_id(order.customer_id))

    @admin.display(description="Total")
    def total(self, order: Order) -> SafeString:
        """Show what it costs."""
        return money(order.total_minor, order.currency)

    @admin.display(description="Payment")
    def payment(self, order: Order) -> SafeString:
        """Show what was heard of the payment."""
        return badge(order.payment_status, PAYMENT_TONES)

    @admin.display(description="Placed at")
    def placed_at(self, order: Order) -> SafeString:
        """Show when it was placed."""
        return moment(order.created_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find what the term names; no term, no narrowing."""
        term = search_term.strip()
        found = search_orders(queryset, term, viewer=request.user) if term else queryset
        return found, False

    def list_panels(self, request: HttpRequest, obj: Order) -> list[TitledPanel]:
        """Give what the contexts have to say about the order."""
        return list_order_panels(obj.id, viewer=request.user)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what orders itself knows."""
        order: Order = kwargs["obj"]
        refunds = list_refunds(order.id)
        context |= {
            "title": f"Order {order.number}",
            "order": order,
            "status": badge(order.status, TONES),
            "payment_status": badge(order.payment_status, PAYMENT_TONES),
            "total": money(order.total_minor, order.currency),
            "placed_at": moment(order.created_at),
            "changed_at": moment(order.updated_at),
            "attention": attention_of(order),
            "items": Panel(tables=(items_table(order, list_items([order.id])[order.id]),)),
            "totals": totals_of(order),
            "refunds": refunds_panel(
                order, refunds, list_credit_notes(order.id) if refunds else ()
            ),
            "delivery": delivery_panel(order),
            "record": record_panel(order),
            "timeline": timeline_of(list_steps(order.id)),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def has_cancel_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may call orders off."""
        return request.user.has_perm("orders.cancel_order")

    def has_release_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may let orders go on after a review."""
        return request.user.has_perm("orders.release_order")

    def has_refund_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may give money back."""
        return request.user.has_perm("orders.refund_order")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer only what the order's status allows."""
        possible = _possible_deeds(str(object_id))
        return [
            offered
            for offered in super().get_actions_detail(request, object_id)
            if offered.action_name.endswith(possible)
        ]

    @page_action(description="Release…", permission="release", icon="check_circle")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let the order go on."""
        order = self._order(request, object_id)
        form = ReasonForm(request.POST or None)
        back = reverse(ORDER_PAGE, args=[order.id])
        if not form.is_valid():
            question = release_question(order, back=back)
            return ask(request, self, question=question, form=form)
        try:
            release_for_agent(request, order_id=order.id, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, f"Order {order.number} is confirmed.")
        return HttpResponseRedirect(back)

    @page_action(
        description="Refund…", permission="refund", icon="currency_exchange", is_dangerous=True
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how much and why, then have it given back."""
        order = self._order(request, object_id)
        form = RefundForm(request.POST or None, order=order, items=list_items([order.id])[order.id])
        back = reverse(ORDER_PAGE, args=[order.id])
        if not form.is_valid():
            return ask(request, self, question=refund_question(order, back=back), form=form)
        try:
            refund = refund_for_agent(
                request,
                order_id=order.id,
                currency=order.currency,
                wish=form.wish(),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            amount = Money(refund.amount_minor, order.currency)
            self.message_user(request, f"{amount} of order {order.number} go back.")
        return HttpResponseRedirect(back)

    @page_action(description="Cancel…", permission="cancel", icon="cancel", is_dangerous=True)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then call the order off."""
        order = self._order(request, object_id)
        form = CancelForm(request.POST or None)
        back = reverse(ORDER_PAGE, args=[order.id])
        if not form.is_valid():
            question = cancellation_question(order, back=back)
            return ask(request, self, question=question, form=form)
        try:
            is_new = cancel_for_agent(
                request,
                order_id=order.id,
                reason=CancelReason(form.cleaned_data["cause"]),
                detail=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            text = "is being cancelled." if is_new else "was being cancelled already."
            self.message_user(request, f"Order {order.number} {text}")
        return HttpResponseRedirect(back)

    def _order(self, request: HttpRequest, object_id: str) -> Order:
        """Give the order that something is to be done with."""
        order: Order | None = self.get_object(request, object_id)
        if order is None:
            raise Http404
        if not self.has_view_permission(request, order):
            raise PermissionDenied
        return order


def _possible_deeds(object_id: str) -> tuple[str, ...]:
    order_id = read_id(OrderId, object_id)
    order = Order.objects.filter(id=order_id).first() if order_id else None
    if order is None:
        return ()
    possible = {
        "cancel": order.is_cancellable,
        "release": order.status == OrderStatus.PAYMENT_AUTHORIZED,
        "refund": is_refundable(order),
    }
    return tuple(deed for deed, is_possible in possible.items() if is_possible)
