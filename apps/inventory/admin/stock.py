"""The catalogue and the levels, to look at: both follow what warehouses and catalogue push."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.inventory.admin.ledger import movements_table
from apps.inventory.models import Product, StockLevel, StockMovement
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import amount, lines, moment
from apps.platform.backoffice.panels import Panel, Table, TitledPanel

NEWEST = 25


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    """What can be stocked, with its levels in every warehouse."""

    list_display = ("article", "name", "prices", "weight", "active")
    list_filter = ("active",)
    search_fields = ("^sku", "name")
    search_help_text = "SKU or name"
    fields = ("article", "name", "prices", "weight", "size", "active", "version")

    @admin.display(description="SKU")
    def article(self, product: Product) -> str:
        """Show the SKU."""
        return product.sku

    @admin.display(description="Weight")
    def weight(self, product: Product) -> str:
        """Show the weight in grams."""
        return f"{product.weight_grams:,} g"

    @admin.display(description="Size")
    def size(self, product: Product) -> str:
        """Show length, width and height in millimetres."""
        return " × ".join(str(side) for side in product.dimensions_mm or ())

    @admin.display(description="Prices")
    def prices(self, product: Product) -> SafeString:
        """Show the price in each currency."""
        return lines(*(amount(minor, code) for code, minor in sorted(product.prices_minor.items())))

    def list_panels(self, request: HttpRequest, obj: Product) -> list[TitledPanel]:
        """Show where it lies."""
        levels = StockLevel.objects.filter(sku=obj.sku).order_by("warehouse_id")
        table = Table(
            headings=("Warehouse", "On hand", "Reserved", "Available", ""),
            numbers=frozenset({"On hand", "Reserved", "Available"}),
            rows=[
                (
                    level.warehouse_id,
                    f"{level.on_hand:,}",
                    f"{level.reserved:,}",
                    f"{level.available:,}",
                    stock_bar(level),
                )
                for level in levels
            ],
        )
        note = "" if table.rows else "No warehouse has counted it yet."
        return [TitledPanel(title="Stock", panel=Panel(tables=(table,), note=note))]


@admin.register(StockLevel)
class StockLevelAdmin(ReadOnlyAdmin):
    """Units of one SKU in one warehouse."""

    list_display = ("article", "place", "stored", "promised", "free", "share", "counted")
    list_filter = ("warehouse",)
    search_fields = ("=sku",)
    search_help_text = "SKU, exactly"
    ordering: ClassVar = ["sku", "warehouse_id"]
    fields = (*list_display, "moved", "version")

    @admin.display(description="SKU")
    def article(self, level: StockLevel) -> str:
        """Show which SKU."""
        return level.sku

    @admin.display(description="Warehouse")
    def place(self, level: StockLevel) -> str:
        """Show the code, which is the key."""
        return level.warehouse_id

    @admin.display(description="On hand")
    def stored(self, level: StockLevel) -> str:
        """Show what the warehouse has."""
        return f"{level.on_hand:,}"

    @admin.display(description="Reserved")
    def promised(self, level: StockLevel) -> str:
        """Show what orders are waiting for."""
        return f"{level.reserved:,}"

    @admin.display(description="Available")
    def free(self, level: StockLevel) -> str:
        """Show what can still be promised."""
        return f"{level.available:,}"

    @admin.display(description="Reserved share")
    def share(self, level: StockLevel) -> SafeString:
        """Draw how much is promised."""
        return stock_bar(level)

    @admin.display(description="Last count")
    def counted(self, level: StockLevel) -> SafeString:
        """Show when the warehouse counted."""
        return moment(level.counted_at)

    @admin.display(description="Last receipt, adjustment or return")
    def moved(self, level: StockLevel) -> SafeString:
        """Show when units came or went last, by the warehouse's clock."""
        return moment(level.moved_at)

    def list_panels(self, request: HttpRequest, obj: StockLevel) -> list[TitledPanel]:
        """Show what moved it last."""
        moves = StockMovement.objects.filter(sku=obj.sku, warehouse_id=obj.warehouse_id)
        table = movements_table(list(moves.order_by("-id")[:NEWEST]))
        note = "" if table.rows else "Nothing moved yet."
        title = f"Last {NEWEST} movements"
        return [TitledPanel(title=title, panel=Panel(tables=(table,), note=note))]


def stock_bar(level: StockLevel) -> SafeString:
    """Draw the promised part of what is on hand; it turns amber when little is left."""
    percent = 100 * level.reserved / level.on_hand if level.on_hand else 0
    tone = "warning" if not level.on_hand or percent >= 80 else "success"
    return format_html(
        '<span class="bo-stock"><svg class="bo-bar bo-{}" role="img" '
        'aria-label="{}% reserved"><rect class="bo-track" width="100%" height="100%"/>'
        '<rect class="bo-fill" width="{}%" height="100%"/></svg>'
        '<span class="bo-number bo-faint">{}%</span></span>',
        tone,
        f"{percent:.0f}",
        f"{percent:.1f}",
        f"{percent:.0f}",
    )
