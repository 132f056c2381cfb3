"""The price list as orders knows it."""

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.orders.models import ListedProduct
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import amount, lines


@admin.register(ListedProduct)
class ListedProductAdmin(ReadOnlyAdmin):
    """What a placement is priced by; it follows the catalogue by itself."""

    list_display = ("article", "name", "prices", "active")
    list_filter = ("active",)
    search_fields = ("^sku", "name")
    search_help_text = "SKU or name"
    fields = list_display

    @admin.display(description="SKU")
    def article(self, product: ListedProduct) -> str:
        """Show the SKU."""
        return product.sku

    @admin.display(description="Prices")
    def prices(self, product: ListedProduct) -> SafeString:
        """Show the price in each currency."""
        return lines(*(amount(minor, code) for code, minor in sorted(product.prices_minor.items())))
