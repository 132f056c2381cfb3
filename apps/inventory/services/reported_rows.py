"""Rows that warehouses report, and what speaks against applying one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from apps.inventory.models import MovementKind, StockLevel

MOST_ON_HAND = 1_000_000_000
"""Units that one level can hold."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a warehouse's clock may be ahead of ours. A report dated later would make everything that
really happens until then late."""


class RowStatus(StrEnum):
    """What became of a reported row."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    LATE = "late"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one row; `code` and `detail` say why it was refused."""

    status: RowStatus
    code: str = ""
    detail: str = ""


class Content(NamedTuple):
    """What a message says, its time left out: a sender that tries again may stamp it anew."""

    sku: str
    kind: str
    units: int
    is_count: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """Units of a SKU that a warehouse found on its shelves, by its own clock."""

    warehouse: str
    sku: str
    on_hand: int
    message_id: str
    counted_at: datetime

    @property
    def at(self) -> datetime:
        """When it was counted."""
        return self.counted_at

    @property
    def content(self) -> Content:
        """What it says, to be compared with a message of the same id."""
        return Content(self.sku, MovementKind.ADJUSTMENT, self.on_hand, is_count=True)

    def delta(self, level: StockLevel) -> int:
        """Give the units by which it changes the level."""
        return self.on_hand - level.on_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementRow:
    """Units that came or went; an adjustment may be negative."""

    warehouse: str
    sku: str
    quantity: int
    reason: MovementKind
    message_id: str
    occurred_at: datetime

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.occurred_at

    @property
    def content(self) -> Content:
        """What it says, to be compared with a message of the same id."""
        return Content(self.sku, self.reason, self.quantity, is_count=False)

    def delta(self, level: StockLevel) -> int:
        """Give the units by which it changes the level."""
        return self.quantity


Row = CountRow | MovementRow


def refuse_unknown(
    row: Row, warehouses: Collection[str], skus: Collection[str]
) -> RowResult | None:
    """Refuse a row of a warehouse or product that there is not."""
    if row.warehouse not in warehouses:
        return _refused("unknown_warehouse", f"There is no warehouse {row.warehouse}.")
    if row.sku not in skus:
        return _refused("unknown_product", f"There is no product {row.sku}.")
    return None


def refuse_implausible(row: Row, now: datetime) -> RowResult | None:
    """Refuse a row whose time no clock that can be trusted has shown."""
    if EARLIEST <= row.at <= now + CLOCK_TOLERANCE:
        return None
    return _refused("implausible_time", f"It cannot have happened at {row.at.isoformat()}.")


def find_repeat(row: Row, seen: Mapping[tuple[str, str], Content]) -> RowResult | None:
    """Tell a message that came before, by (warehouse, message id), from its id used twice."""
    before = seen.get((row.warehouse, row.message_id))
    if before is None:
        return None
    if before == row.content:
        return RowResult(status=RowStatus.DUPLICATE)
    return _refused(
        "message_id_reused",
        f"{row.warehouse} has sent another message under the id {row.message_id}.",
    )


def refuse_unfit(row: Row, level: StockLevel) -> RowResult | None:
    """Say why a row cannot change its level: it is late, or would leave too little or too much."""
    if _is_late(row, level):
        return RowResult(status=RowStatus.LATE)
    left = level.on_hand + row.delta(level)
    if left < level.reserved:
        return _refused(
            "stock_too_low",
            f"{level.reserved} units of {row.sku} are promised to orders; {left} would be left.",
        )
    if left > MOST_ON_HAND:
        return _refused(
            "stock_too_high",
            f"{left} units of {row.sku} would be more than the {MOST_ON_HAND} that a level holds.",
        )
    return None


def _is_late(row: Row, level: StockLevel) -> bool:
    if level.counted_at is not None and row.at <= level.counted_at:
        return True
    # A movement adds up whenever it arrives; a count older than a movement does not know of it.
    return isinstance(row, CountRow) and level.moved_at is not None and row.at < level.moved_at


def _refused(code: str, detail: str) -> RowResult:
    return RowResult(status=RowStatus.REFUSED, code=code, detail=detail)
