"""Take in what warehouses report: counts, receipts, adjustments and returns, many at once.

Every row carries the warehouse's own message id, and moves a level once. Only the warehouse's clock
says what a report could know of: a count older than the newest count or movement of its level is
late, and so is a movement that the newest count has in already. Late rows move nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from apps.inventory.models import (
    MovementKind,
    Product,
    StockLevel,
    StockMovement,
    Warehouse,
)
from apps.inventory.services.reported_rows import (
    Content,
    CountRow,
    Row,
    RowResult,
    RowStatus,
    find_repeat,
    refuse_implausible,
    refuse_unfit,
    refuse_unknown,
)
from apps.inventory.services.stock_rows import Move, hold_stock, lock_levels, move_stock
from apps.kernel.cause import Cause
from apps.kernel.events.inventory import StockChanged
from apps.platform.bulk import update_many
from apps.platform.outbox.publishing import Fact, publish

Seen = dict[tuple[str, str], Content]
"""Messages already applied, by (warehouse, message id)."""


def report_stock(*, rows: Sequence[Row], cause: Cause, now: datetime) -> list[RowResult]:
    """Apply each row to its level and say what became of it; a bad row does not spoil the others.

    A repeated message is a duplicate and moves nothing, in this call or a later one; one that says
    something else under an id already used is refused. The number of statements does not depend on
    the number of rows.
    """
    skus = {row.sku for row in rows}
    with transaction.atomic(savepoint=False):
        warehouses = set(Warehouse.objects.values_list("code", flat=True))
        known = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
        hold_stock()
        _ensure_levels(rows, warehouses, known)
        levels = lock_levels(skus & known)
        seen = _seen_messages(rows)
        moves: list[Move] = []
        results: list[RowResult] = []
        for row in rows:
            result = (
                refuse_unknown(row, warehouses, known)
                or refuse_implausible(row, now)
                or find_repeat(row, seen)
                or refuse_unfit(row, levels[row.sku, row.warehouse])
            )
            if result is None:
                moves.append(_apply(row, levels[row.sku, row.warehouse], cause.actor))
                seen[row.warehouse, row.message_id] = row.content
                result = RowResult(status=RowStatus.APPLIED)
            results.append(result)
        _store(moves, levels, cause)
    return results


def _store(moves: Sequence[Move], levels: dict[tuple[str, str], StockLevel], cause: Cause) -> None:
    touched = {(move.sku, move.warehouse): levels[move.sku, move.warehouse] for move in moves}
    for level in touched.values():
        level.version += 1
    update_many(list(touched.values()), fields=["version", "counted_at", "moved_at"])
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


def _seen_messages(rows: Sequence[Row]) -> Seen:
    # The index leaves empty ids out, and PostgreSQL does not see that a long list has none unless
    # the query says so.
    found = (
        StockMovement.objects.exclude(message_id="")
        .filter(
            message_id__in={row.message_id for row in rows},
            warehouse_id__in={row.warehouse for row in rows},
        )
        .values_list("warehouse_id", "message_id", "sku", "kind", "on_hand_delta", "counted")
    )
    return {
        (warehouse, message_id): Content(
            sku, kind, delta if counted is None else counted, is_count=counted is not None
        )
        for warehouse, message_id, sku, kind, delta, counted in found
    }


def _apply(row: Row, level: StockLevel, actor: str) -> Move:
    """Change the level in memory; gives the move that changes it in the database."""
    delta = row.delta(level)
    level.on_hand += delta
    if isinstance(row, CountRow):
        level.counted_at = row.at
    else:
        level.moved_at = row.at if level.moved_at is None else max(level.moved_at, row.at)
    return Move(
        sku=row.sku,
        warehouse=row.warehouse,
        kind=MovementKind(row.content.kind),
        on_hand_delta=delta,
        counted=row.on_hand if isinstance(row, CountRow) else None,
        message_id=row.message_id,
        occurred_at=row.at,
        actor=actor,
    )
