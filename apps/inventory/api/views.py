"""The doors of inventory to catalogues, warehouses and storefronts."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.inventory.api.bodies import (
    AvailabilityDocument,
    AvailabilityQuery,
    AvailableDocument,
    CountBody,
    CountsBody,
    MovementBody,
    MovementsBody,
    ProductBody,
    ProductsBody,
    RowDocument,
    RowsDocument,
)
from apps.inventory.models import MovementKind
from apps.inventory.queries import list_available
from apps.inventory.services.change_products import ProductRow, change_products
from apps.inventory.services.report_stock import report_stock
from apps.inventory.services.reported_rows import CountRow, MovementRow, Row
from apps.kernel.decoding import convert
from apps.kernel.errors import DomainError
from apps.kernel.events.inventory import sku_key
from apps.kernel.money import Money
from apps.platform.outbox.lag import wait_until_heard
from apps.platform.web.responses import JsonResponse
from apps.platform.web.schema import endpoint
from apps.platform.web.views import ApiView

HEARD_WITHIN_SECONDS = 2.0
"""How long a catalogue's call waits for other contexts to have taken it up."""

Body = TypeVar("Body")


class ProductsView(ApiView):
    """The catalogue's door."""

    scopes = "catalogue:write"

    @endpoint(
        "put_products",
        summary="Add or change products",
        request=ProductsBody,
        example={
            "products": [
                {
                    "sku": "SKU-0001",
                    "name": "Cotton Blanket",
                    "prices": {"EUR": "19.90", "USD": "21.90"},
                }
            ]
        },
        responses={200: RowsDocument},
        tags=["inventory"],
    )
    def put(self, request: HttpRequest) -> HttpResponseBase:
        """Take over the good rows and explain the bad ones; answer once prices are in force."""
        rows = self.body(ProductsBody).products
        read, refused = read_rows(rows, ProductBody, _product_row)
        changed = change_products(rows=[row for _, row in read], cause=self.cause)
        done = [
            RowDocument(index=index, status="applied" if is_changed else "unchanged")
            for (index, _), is_changed in zip(read, changed, strict=True)
        ]
        wait_until_heard(
            [
                sku_key(row.sku)
                for (_, row), is_changed in zip(read, changed, strict=True)
                if is_changed
            ],
            seconds=HEARD_WITHIN_SECONDS,
        )
        return self.json(_in_order([*done, *refused]))


class CountsView(ApiView):
    """The warehouses' door for counts."""

    scopes = "inventory:write"

    @endpoint(
        "put_stock_counts",
        summary="Report counted stock",
        request=CountsBody,
        example={
            "counts": [
                {
                    "warehouse": "BER",
                    "sku": "SKU-0001",
                    "on_hand": 120,
                    "message_id": "count-1",
                    "counted_at": "2026-11-22T08:00:00Z",
                }
            ]
        },
        responses={200: RowsDocument},
        tags=["inventory"],
    )
    def put(self, request: HttpRequest) -> HttpResponseBase:
        """Set levels to what was counted; late and repeated messages move nothing."""
        return _report(self, self.body(CountsBody).counts, CountBody, _count_row)


class MovementsView(ApiView):
    """The warehouses' door for receipts, adjustments and returns."""

    scopes = "inventory:write"

    @endpoint(
        "post_stock_movements",
        summary="Report receipts, adjustments and returns",
        request=MovementsBody,
        example={
            "movements": [
                {
                    "warehouse": "BER",
                    "sku": "SKU-0001",
                    "quantity": 40,
                    "reason": "receipt",
                    "message_id": "receipt-1",
                    "occurred_at": "2026-11-22T08:00:00Z",
                }
            ]
        },
        responses={200: RowsDocument},
        tags=["inventory"],
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Move levels; each message id moves one once, so repeating the call is safe."""
        return _report(self, self.body(MovementsBody).movements, MovementBody, _movement_row)


class AvailabilityView(ApiView):
    """What can be promised."""

    scopes = "inventory:read"

    @endpoint(
        "get_availability",
        summary="Look up what is available",
        query=AvailabilityQuery,
        responses={200: AvailabilityDocument},
        tags=["inventory"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Give available units per SKU."""
        skus = list(dict.fromkeys(self.query(AvailabilityQuery).sku))
        available = list_available(skus)
        return self.json(
            AvailabilityDocument(
                results=[
                    AvailableDocument(sku=sku, available=available[sku])
                    for sku in skus
                    if sku in available
                ],
                unknown=[sku for sku in skus if sku not in available],
            )
        )


ReadRow = TypeVar("ReadRow")


def read_rows(
    rows: Sequence[Any], kind: type[Body], read: Callable[[Body], ReadRow]
) -> tuple[list[tuple[int, ReadRow]], list[RowDocument]]:
    """Read rows one by one: the good ones with their index, and a refusal for each bad one."""
    good: list[tuple[int, ReadRow]] = []
    bad: list[RowDocument] = []
    for index, row in enumerate(rows):
        try:
            good.append((index, read(convert(row, kind))))
        except msgspec.ValidationError as error:
            bad.append(
                RowDocument(
                    index=index, status="refused", code="validation_failed", detail=str(error)
                )
            )
        except DomainError as error:
            bad.append(
                RowDocument(index=index, status="refused", code=error.code, detail=error.detail)
            )
    return good, bad


def _report(
    view: ApiView, rows: Sequence[Any], kind: type[Body], read: Callable[[Body], Row]
) -> JsonResponse:
    good, refused = read_rows(rows, kind, read)
    results = report_stock(rows=[row for _, row in good], cause=view.cause, now=view.now)
    done = [
        RowDocument(
            index=index,
            status=result.status,
            code=result.code or None,
            detail=result.detail or None,
        )
        for (index, _), result in zip(good, results, strict=True)
    ]
    return view.json(_in_order([*done, *refused]))


def _in_order(rows: list[RowDocument]) -> RowsDocument:
    return RowsDocument(results=sorted(rows, key=lambda row: row.index))


def _product_row(body: ProductBody) -> ProductRow:
    return ProductRow(
        sku=body.sku,
        name=body.name,
        prices_minor={
            currency: _price(amount, currency) for currency, amount in body.prices.items()
        },
        weight_grams=body.weight_grams,
        dimensions_mm=tuple(body.dimensions_mm),
        active=body.active,
    )


def _price(amount: str, currency: str) -> int:
    minor = Money.parse(amount, currency).amount_minor
    if minor < 0:
        raise msgspec.ValidationError("Expected a price that is not negative - at `$.prices`")
    return minor


def _count_row(body: CountBody) -> CountRow:
    return CountRow(
        warehouse=body.warehouse,
        sku=body.sku,
        on_hand=body.on_hand,
        message_id=body.message_id,
        counted_at=body.counted_at,
    )


def _movement_row(body: MovementBody) -> MovementRow:
    reason = MovementKind(body.reason)
    if reason is not MovementKind.ADJUSTMENT and body.quantity <= 0:
        raise msgspec.ValidationError("Expected a positive `quantity` - at `$.quantity`")
    return MovementRow(
        warehouse=body.warehouse,
        sku=body.sku,
        quantity=body.quantity,
        reason=reason,
        message_id=body.message_id,
        occurred_at=body.occurred_at,
    )
