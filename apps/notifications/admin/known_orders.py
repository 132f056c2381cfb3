"""Orders as notifications knows them: what messages about them say, to compare with what they should."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.kernel.identifiers import OrderId, read_id, time_of
from apps.kernel.order_number import InvalidOrderNumber, normalise
from apps.notifications.models import KnownOrder, KnownRefunds
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import identifier, link, moment, money, order_link
from apps.platform.backoffice.panels import Panel, Table, TitledPanel


@admin.register(KnownOrder)
class KnownOrderAdmin(ReadOnlyAdmin):
    """A copy of what orders told; the order's own page has the order."""

    list_display = ("number", "placed", "total", "order", "recipient", "messages_link")
    search_fields = ("number",)
    search_help_text = "Order number, or the id of an order"
    ordering: ClassVar = ["-order_id"]
    fields = list_display

    @admin.display(description="Placed at")
    def placed(self, known: KnownOrder) -> SafeString:
        """Show when it was placed, which its id tells."""
        return moment(time_of(known.order_id))

    @admin.display(description="Total")
    def total(self, known: KnownOrder) -> SafeString:
        """Show what it costs."""
        return money(known.total_minor, known.currency)

    @admin.display(description="Order")
    def order(self, known: KnownOrder) -> SafeString:
        """Lead to the order itself."""
        return order_link(known.order_id, "its own page")

    @admin.display(description="Recipient")
    def recipient(self, known: KnownOrder) -> SafeString:
        """Lead to whom the messages go to."""
        page = reverse("admin:notifications_recipient_change", args=[known.customer_id])
        return link(page, f"…{str(known.customer_id)[-8:]}")

    @admin.display(description="Messages")
    def messages_link(self, known: KnownOrder) -> SafeString:
        """Lead to what was told of it."""
        page = reverse("admin:notifications_message_changelist")
        return link(f"{page}?{urlencode({'q': str(known.order_id)})}", "what was told")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[KnownOrder], search_term: str
    ) -> tuple[QuerySet[KnownOrder], bool]:
        """Find the order of that id or number, each by its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if order_id := read_id(OrderId, term):
            return queryset.filter(order_id=order_id), False
        try:
            return queryset.filter(number=normalise(term)), False
        except InvalidOrderNumber:
            return queryset.none(), False

    def list_panels(self, request: HttpRequest, obj: KnownOrder) -> list[TitledPanel]:
        """Show the lines, and what is known of money that goes back."""
        refunds = KnownRefunds.objects.filter(order_id=obj.order_id).first()
        return [
            TitledPanel(title="Lines", panel=Panel(tables=(_lines_table(obj),))),
            TitledPanel(title="Money that goes back", panel=_refunds_panel(obj, refunds)),
        ]


def _lines_table(known: KnownOrder) -> Table:
    return Table(
        headings=("SKU", "Name", "Quantity", "Price of one"),
        numbers=frozenset({"Quantity", "Price of one"}),
        rows=[
            (
                identifier(item["sku"]),
                item["name"],
                str(item["quantity"]),
                money(item["unit_price_minor"], known.currency),
            )
            for item in known.items
        ],
    )


def _refunds_panel(known: KnownOrder, refunds: KnownRefunds | None) -> Panel:
    if refunds is None:
        return Panel(note="None that was heard of.")
    currency = refunds.currency or known.currency
    return Panel(
        facts=(
            ("Went back so far", money(refunds.given_back_minor, currency)),
            ("The customer was told of", money(refunds.told_minor, currency)),
            (
                "The next is told of by",
                "the mail on the cancellation, which is still to come"
                if refunds.is_called_off
                else "a mail on each refund",
            ),
        ),
        tables=(
            Table(
                headings=("Asked for, in all", "For"),
                numbers=frozenset({"Asked for, in all"}),
                rows=[
                    (money(one["upto_minor"], currency), _units(one["units"]))
                    for one in refunds.asked_for
                ],
            ),
        ),
    )


def _units(units: Sequence[dict[str, object]]) -> str:
    return ", ".join(f"{unit['quantity']} × {unit['sku']}" for unit in units)
