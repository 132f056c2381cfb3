"""Facts published by inventory. A reservation belongs to its order's story; stock to its SKU's."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from apps.kernel.events.base import Event
from apps.kernel.identifiers import OrderId, ReservationId

_SKU_NAMESPACE = uuid.UUID("6a1f0d52-6f43-5c0e-9a7e-1f1b6a0c2d11")


def sku_key(sku: str) -> uuid.UUID:
    """Give the key of a SKU's story; the same SKU always gives the same key."""
    return uuid.uuid5(_SKU_NAMESPACE, sku)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """Units of one SKU held in one warehouse."""

    sku: str
    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A SKU that could not be had: units wanted, and units available in all warehouses."""

    sku: str
    wanted: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEvent(Event):
    """A fact about the reservation of one order."""

    aggregate_type: ClassVar[str] = "reservation"
    reservation_id: ReservationId
    order_id: OrderId

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.reservation_id

    @property
    def key(self) -> uuid.UUID:
        return self.order_id


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryReserved(ReservationEvent):
    """Every line of the order is held until `expires_at`."""

    expires_at: datetime
    allocations: tuple[Allocated, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryUnavailable(ReservationEvent):
    """The order cannot be filled whole; nothing is held."""

    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryReleased(ReservationEvent):
    """Nothing is held for the order any more: `reason` is `cancelled` or `expired`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuEvent(Event):
    """A fact about one SKU."""

    aggregate_type: ClassVar[str] = "sku"
    sku: str

    @property
    def aggregate_id(self) -> uuid.UUID:
        return sku_key(self.sku)

    @property
    def key(self) -> uuid.UUID:
        return sku_key(self.sku)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChanged(SkuEvent):
    """A warehouse reported a receipt, a count or an adjustment.

    Units held for orders are told by the reservation's own facts.
    """

    aggregate_type: ClassVar[str] = "stock_level"
    warehouse: str
    on_hand: int
    reserved: int

    @property
    def aggregate_id(self) -> uuid.UUID:
        return sku_key(f"{self.sku}@{self.warehouse}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(SkuEvent):
    """A product was added or changed; `prices_minor` maps a currency to minor units."""

    aggregate_type: ClassVar[str] = "product"
    name: str
    prices_minor: dict[str, int]
    weight_grams: int
    active: bool
