"""Reservations, to look at: they change with their orders only."""

from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.inventory.admin.panels import TONES, history_table, items_table, shortages_table
from apps.inventory.models import Reservation, ReservationStatus
from apps.platform.backoffice.admin import ReadOnlyAdmin, recent
from apps.platform.backoffice.formatting import badge, moment, order_link
from apps.platform.backoffice.panels import Panel, TitledPanel


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    """Stock held for an order, with the warehouses it comes from."""

    list_display = ("order", "status_shown", "reason", "expires", "created")
    list_filter = (recent(field="status", title="status", choices=ReservationStatus.values),)
    search_fields = ("order_id",)
    search_help_text = "Id of an order or reservation"
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("order", "status_shown", "reason", "extendable")}),
        ("Times", {"fields": ("created", "updated", "expires", "latest")}),
        ("Record", {"fields": ("id", "order_id", "version")}),
    )
    list_display_links = ("reason", "status_shown")

    @admin.display(description="Order")
    def order(self, reservation: Reservation) -> SafeString:
        """Lead to the order."""
        return order_link(reservation.order_id, f"…{str(reservation.order_id)[-8:]}")

    @admin.display(description="Status")
    def status_shown(self, reservation: Reservation) -> SafeString:
        """Show the status."""
        return badge(reservation.status, TONES)

    @admin.display(description="Held until")
    def expires(self, reservation: Reservation) -> SafeString:
        """Show when the units are given back unless something happens."""
        return moment(reservation.expires_at)

    @admin.display(description="Never held beyond")
    def latest(self, reservation: Reservation) -> SafeString:
        """Show where putting off ends."""
        return moment(reservation.latest_at)

    @admin.display(description="Made at")
    def created(self, reservation: Reservation) -> SafeString:
        """Show when it was made."""
        return moment(reservation.created_at)

    @admin.display(description="Changed at")
    def updated(self, reservation: Reservation) -> SafeString:
        """Show when it changed last."""
        return moment(reservation.updated_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Reservation], search_term: str
    ) -> tuple[QuerySet[Reservation], bool]:
        """Find by an id; anything else finds nothing."""
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(order_id=wanted) | Q(id=wanted)), False

    def list_panels(self, request: HttpRequest, obj: Reservation) -> list[TitledPanel]:
        """Show the units, what was short, and its history."""
        tables = (items_table(obj), shortages_table(obj))
        nothing = "" if any(table.rows for table in tables) else "No units are held for it."
        history = history_table(obj)
        untold = "" if history.rows else "It was made before there was a history."
        return [
            TitledPanel(title="Units", panel=Panel(tables=tables, note=nothing)),
            TitledPanel(title="History", panel=Panel(tables=(history,), note=untold)),
        ]
