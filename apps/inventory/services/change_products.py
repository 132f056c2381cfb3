"""Take over products from the catalogue, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.inventory.models import Product
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import ProductChanged
from apps.platform.bulk import update_many
from apps.platform.outbox.publishing import Fact, publish


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product as the catalogue has it now."""

    sku: str
    name: str
    prices_minor: Mapping[str, int]
    weight_grams: int = 0
    dimensions_mm: tuple[int, ...] = ()
    active: bool = True


def change_products(*, rows: Sequence[ProductRow], cause: Cause) -> list[bool]:
    """Add or change products; says for each row whether anything changed.

    A row equal to what is stored changes and publishes nothing. Of several rows for one SKU the
    last one counts.
    """
    newest = {row.sku: row for row in rows}
    with transaction.atomic(savepoint=False):
        # The missing rows first, so that all can be locked in one order.
        Product.objects.bulk_create(
            (Product(sku=sku, name="") for sku in sorted(newest)), ignore_conflicts=True
        )
        products = Product.objects.filter(sku__in=newest).order_by("sku").select_for_update()
        changed = [product for product in products if _take_over(product, newest[product.sku])]
        update_many(
            changed,
            fields=["name", "prices_minor", "weight_grams", "dimensions_mm", "active", "version"],
        )
        publish(
            [
                Fact(
                    event=ProductChanged(
                        sku=product.sku,
                        name=product.name,
                        prices_minor=product.prices_minor,
                        weight_grams=product.weight_grams,
                        active=product.active,
                    ),
                    seq=product.version,
                    cause=cause,
                )
                for product in changed
            ]
        )
    skus = {product.sku for product in changed}
    return [row.sku in skus for row in rows]


def _take_over(product: Product, row: ProductRow) -> bool:
    before = (
        product.name,
        product.prices_minor,
        product.weight_grams,
        tuple(product.dimensions_mm),
        product.active,
    )
    after = (row.name, dict(row.prices_minor), row.weight_grams, row.dimensions_mm, row.active)
    if product.version and before == after:
        return False
    product.name, product.prices_minor, product.weight_grams = (
        row.name,
        dict(row.prices_minor),
        row.weight_grams,
    )
    product.dimensions_mm, product.active = list(row.dimensions_mm), row.active
    product.version += 1
    return True
