"""Keep the price list equal to the catalogue."""

from collections.abc import Sequence

from apps.kernel.events.inventory import ProductChanged
from apps.orders.models import ListedProduct


def update_price_list(*, products: Sequence[ProductChanged]) -> None:
    """Take over products as they are now; of several facts on one SKU the last one counts."""
    newest = {product.sku: product for product in products}
    ListedProduct.objects.bulk_create(
        (
            ListedProduct(
                sku=product.sku,
                name=product.name,
                prices_minor=product.prices_minor,
                active=product.active,
            )
            for product in newest.values()
        ),
        update_conflicts=True,
        unique_fields=["sku"],
        update_fields=["name", "prices_minor", "active"],
    )
