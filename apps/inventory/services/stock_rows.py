"""Lock stock rows in one order, move them set-wise, and write the ledger with them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import connection

from apps.inventory.models import MovementKind, StockLevel, StockMovement
from apps.kernel.identifiers import OrderId, new_id
from apps.platform.bulk import insert_together, literal, lock_many, new_row

_MOVE = """
UPDATE inventory_stocklevel level
SET on_hand = level.on_hand + v.on_hand, reserved = level.reserved + v.reserved
FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS v(id, on_hand, reserved)
WHERE level.id = v.id
"""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one level, in units, with what the ledger says of it.

    `counted` is the number of units found, where a count led to the change.
    """

    sku: str
    warehouse: str
    kind: MovementKind
    on_hand_delta: int = 0
    reserved_delta: int = 0
    counted: int | None = None
    order_id: OrderId | None = None
    message_id: str = ""
    occurred_at: datetime
    actor: str


STOCK_LOCK = 7_301


def hold_stock() -> None:
    """Let one transaction at a time move stock, until it ends; called before any row is locked.

    A batch of orders is decided in milliseconds, so taking turns is faster than colliding on rows,
    and no two transactions can wait for each other's. Calling it again in one transaction is free.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STOCK_LOCK])


def lock_levels(skus: Collection[str]) -> dict[tuple[str, str], StockLevel]:
    """Lock all levels of the SKUs, by (SKU, warehouse), in one statement and one order."""
    levels = lock_many(StockLevel, skus, by="sku")
    return {(level.sku, level.warehouse_id): level for level in levels}


def move_stock(moves: Sequence[Move], levels: dict[tuple[str, str], StockLevel]) -> None:
    """Apply moves to locked levels: one UPDATE for all levels, one INSERT for the ledger.

    The level objects stay as they were read. A move that would promise more than there is breaks a
    constraint of the database, and the transaction with it.
    """
    deltas: dict[int, list[int]] = {}
    for move in moves:
        delta = deltas.setdefault(levels[move.sku, move.warehouse].id, [0, 0])
        delta[0] += move.on_hand_delta
        delta[1] += move.reserved_delta
    if not deltas:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            [
                literal(deltas),
                literal(on_hand for on_hand, _ in deltas.values()),
                literal(reserved for _, reserved in deltas.values()),
            ],
        )
    write_ledger(moves)


def write_ledger(moves: Iterable[Move]) -> None:
    """Append the moves to the ledger."""
    insert_together(
        [
            new_row(
                StockMovement,
                id=new_id(),
                sku=move.sku,
                warehouse_id=move.warehouse,
                kind=move.kind,
                on_hand_delta=move.on_hand_delta,
                reserved_delta=move.reserved_delta,
                counted=move.counted,
                order_id=move.order_id,
                message_id=move.message_id,
                occurred_at=move.occurred_at,
                actor=move.actor,
            )
            for move in moves
        ]
    )
