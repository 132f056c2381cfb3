"""What catalogues and warehouses send, and what they are answered."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from apps.platform.web.bodies import Instant

# The end of a pattern lets a final line break through unless it is told not to.
Sku = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$(?!\n)")
]
Name = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f\u0085\u2028\u2029]*$(?!\n)")
]
Code = Annotated[str, Meta(min_length=1, max_length=32)]
MessageId = Annotated[str, Meta(min_length=1, max_length=128)]
Units = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class ProductBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product as the catalogue has it now; prices are decimal strings by currency."""

    sku: Sku
    name: Name
    prices: Annotated[dict[str, str], Meta(min_length=1, max_length=50)]
    weight_grams: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    dimensions_mm: Annotated[list[Annotated[int, Meta(ge=1, le=100_000)]], Meta(max_length=3)] = []
    active: bool = True


class ProductsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Products to add or change. Rows are read one by one, so that a bad one spoils no other."""

    products: Annotated[list[Any], Meta(min_length=1, max_length=5000)]


class CountBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that a warehouse found on its shelves, by its own clock."""

    warehouse: Code
    sku: Sku
    on_hand: Units
    message_id: MessageId
    counted_at: Instant


class CountsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts of any number of SKUs and warehouses."""

    counts: Annotated[list[Any], Meta(min_length=1, max_length=5000)]


class MovementBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that came or went; only an adjustment may be negative."""

    warehouse: Code
    sku: Sku
    quantity: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Literal["receipt", "adjustment", "return"]
    message_id: MessageId
    occurred_at: Instant


class MovementsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Movements of any number of SKUs and warehouses."""

    movements: Annotated[list[Any], Meta(min_length=1, max_length=5000)]


class RowDocument(Struct, frozen=True, kw_only=True):
    """What became of one row: `applied`, `unchanged`, `duplicate`, `late` or `refused`.

    The code of a refusal is `validation_failed`, `unknown_warehouse`, `unknown_product`,
    `implausible_time`, `message_id_reused`, `stock_too_low` or `stock_too_high`.
    """

    index: int
    status: str
    code: str | None = None
    detail: str | None = None


class RowsDocument(Struct, frozen=True, kw_only=True):
    """One result for each row, in the order they came."""

    results: list[RowDocument]


class AvailabilityQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which SKUs to look up; repeat the parameter for several."""

    sku: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=100)]


class AvailableDocument(Struct, frozen=True, kw_only=True):
    """Units of a SKU that can be promised, over all warehouses."""

    sku: str
    available: int


class AvailabilityDocument(Struct, frozen=True, kw_only=True):
    """The known ones among the SKUs asked for."""

    results: list[AvailableDocument]
    unknown: list[str]
