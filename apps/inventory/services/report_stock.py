"""Take in what warehouses report: counts, receipts, adjustments and returns, many at once.

Every row carries the warehouse's own message id, and moves a level once. A count older than the
newest one, or than the newest movement it could not know of, is late and ignored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from apps.inventory.models import (
    MovementKind,
    Product,
    StockLevel,
    StockMovement,
    Warehouse,
)
from apps.inventory.services.stock_rows import Move, hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import StockChanged
from apps.platform.bulk import update_many
from apps.platform.outbox.publishing import Fact, publish


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """Units of a SKU that a warehouse found on its shelves, by its own clock."""

    warehouse: str
    sku: str
    on_hand: int
    message_id: str
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementRow:
    """Units that came or went; an adjustment may be negative."""

    warehouse: str
    sku: str
    quantity: int
    reason: MovementKind
    message_id: str
    occurred_at: datetime


Row = CountRow | MovementRow


def report_stock(*, rows: Sequence[Row], cause: Cause, now: datetime) -> list[RowResult]:
    """Apply each row to its level and say what became of it; a bad row does not spoil the others.

    A repeated message is a duplicate and moves nothing, in this call or a later one. The number of
    statements does not depend on the number of rows.
    """
    with transaction.atomic(savepoint=False):
        hold_stock()
        warehouses = set(Warehouse.objects.values_list("code", flat=True))
        skus = {row.sku for row in rows}
        known = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
        _ensure_levels(rows, warehouses, known)
        levels = lock_levels(skus & known)
        seen = _seen_messages(rows)
        moves: list[Move] = []
        results: list[RowResult] = []
        for row in rows:
            result = _refusal(row, warehouses, known)
            if result is None and (row.warehouse, row.message_id) in seen:
                result = RowResult(status=RowStatus.DUPLICATE)
            if result is None:
                level = levels[row.sku, row.warehouse]
                result, move = _judge(row, level, cause.actor)
                if move is not None:
                    seen.add((row.warehouse, row.message_id))
                    level.on_hand += move.on_hand_delta
                    moves.append(move)
            results.append(result)
        _store(moves, levels, cause)
    return results


def _store(moves: Sequence[Move], levels: dict[tuple[str, str], StockLevel], cause: Cause) -> None:
    touched = {(move.sku, move.warehouse): levels[move.sku, move.warehouse] for move in moves}
    for level in touched.values():
        level.version += 1
    update_many(list(touched.values()), fields=["version", "counted_at"])
    move_stock(moves, levels)
    publish(
        [
            Fact(
                event=StockChanged(
                    sku=level.sku,
                    warehouse=level.warehouse_id,
                    on_hand=level.on_hand,
                    reserved=level.reserved,
                ),
                seq=level.version,
                cause=cause,
            )
            for level in touched.values()
        ]
    )


def _ensure_levels(
    rows: Sequence[Row], warehouses: Collection[str], known: Collection[str]
) -> None:
    pairs = {
        (row.sku, row.warehouse) for row in rows if row.sku in known and row.warehouse in warehouses
    }
    StockLevel.objects.bulk_create(
        (StockLevel(sku=sku, warehouse_id=warehouse) for sku, warehouse in sorted(pairs)),
        ignore_conflicts=True,
    )


def _seen_messages(rows: Sequence[Row]) -> set[tuple[str, str]]:
    return set(
        StockMovement.objects.filter(
            message_id__in={row.message_id for row in rows},
            warehouse_id__in={row.warehouse for row in rows},
        ).values_list("warehouse_id", "message_id")
    )


def _refusal(row: Row, warehouses: Collection[str], known: Collection[str]) -> RowResult | None:
    if row.warehouse not in warehouses:
        return _refused("unknown_warehouse", f"There is no warehouse {row.warehouse}.")
    if row.sku not in known:
        return _refused("unknown_product", f"There is no product {row.sku}.")
    return None


def _judge(row: Row, level: StockLevel, actor: str) -> tuple[RowResult, Move | None]:
    if isinstance(row, CountRow):
        if level.counted_at is not None and row.counted_at <= level.counted_at:
            return RowResult(status=RowStatus.LATE), None
        delta, kind, at = row.on_hand - level.on_hand, MovementKind.ADJUSTMENT, row.counted_at
    else:
        if level.counted_at is not None and row.occurred_at <= level.counted_at:
            # The newest count was made after this happened and has it in already.
            return RowResult(status=RowStatus.LATE), None
        delta, kind, at = row.quantity, row.reason, row.occurred_at
    if level.on_hand + delta < level.reserved:
        return (
            _refused(
                "stock_too_low",
                f"{level.reserved} units of {row.sku} are promised to orders; "
                f"{level.on_hand + delta} would be left.",
            ),
            None,
        )
    if isinstance(row, CountRow):
        level.counted_at = row.counted_at
    return RowResult(status=RowStatus.APPLIED), Move(
        sku=row.sku,
        warehouse=row.warehouse,
        kind=kind,
        on_hand_delta=delta,
        message_id=row.message_id,
        occurred_at=at,
        actor=actor,
    )


def _refused(code: str, detail: str) -> RowResult:
    return RowResult(status=RowStatus.REFUSED, code=code, detail=detail)
