"""The stock ledger, to look at: it is only ever added to."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.inventory.models import MovementKind, StockMovement
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin, recent
from apps.platform.backoffice.formatting import NOTHING, Tone, badge, moment, order_link
from apps.platform.backoffice.panels import Table

TONES: dict[str, Tone] = {
    MovementKind.RECEIPT: Tone.SUCCESS,
    MovementKind.RETURN: Tone.SUCCESS,
    MovementKind.RESERVATION: Tone.INFO,
    MovementKind.ADJUSTMENT: Tone.WARNING,
}


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """One line of the ledger."""

    list_display = ("occurred", "kind_shown", "article", "place", "on_hand", "reserved", "order")
    list_filter = (
        "warehouse",
        recent(field="kind", title="kind", choices=MovementKind.values),
        ("occurred_at", MadeBetween),
    )
    list_filter_submit = True
    search_fields = ("sku",)
    search_help_text = "SKU, exactly, or the id of a movement"
    ordering: ClassVar = ["-id"]
    fields = (*list_display, "message_id", "actor", "id")

    @admin.display(description="When")
    def occurred(self, move: StockMovement) -> SafeString:
        """Show when it happened."""
        return moment(move.occurred_at)

    @admin.display(description="Kind")
    def kind_shown(self, move: StockMovement) -> SafeString:
        """Show why the level moved."""
        return badge(move.kind, TONES)

    @admin.display(description="SKU")
    def article(self, move: StockMovement) -> str:
        """Show which SKU."""
        return move.sku

    @admin.display(description="Warehouse")
    def place(self, move: StockMovement) -> str:
        """Show the code, which is the key."""
        return move.warehouse_id

    @admin.display(description="On hand")
    def on_hand(self, move: StockMovement) -> str:
        """Show by how much the units in the warehouse changed."""
        return signed(move.on_hand_delta)

    @admin.display(description="Reserved")
    def reserved(self, move: StockMovement) -> str:
        """Show by how much the promised units changed."""
        return signed(move.reserved_delta)

    @admin.display(description="Order")
    def order(self, move: StockMovement) -> SafeString:
        """Lead to the order that moved it."""
        return order_of(move)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StockMovement], search_term: str
    ) -> tuple[QuerySet[StockMovement], bool]:
        """Find by SKU or by the id of a line."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(id=UUID(term)), False
        except ValueError:
            return queryset.filter(sku=term), False


def movements_table(moves: Sequence[StockMovement]) -> Table:
    """List movements of one level."""
    return Table(
        headings=("When", "Kind", "On hand", "Reserved", "Order", "By"),
        numbers=frozenset({"On hand", "Reserved"}),
        rows=[
            (
                moment(move.occurred_at),
                badge(move.kind, TONES),
                signed(move.on_hand_delta),
                signed(move.reserved_delta),
                order_of(move),
                move.actor,
            )
            for move in moves
        ],
    )


def order_of(move: StockMovement) -> SafeString:
    """Lead to the order of a movement, where it has one."""
    if move.order_id is None:
        return NOTHING
    return order_link(move.order_id, f"…{str(move.order_id)[-8:]}")


def signed(units: int) -> str:
    """Write a change with its sign; no change is no number."""
    return f"{units:+,}" if units else ""
