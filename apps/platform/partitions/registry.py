"""Which tables are partitioned, and how."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from apps.kernel.identifiers import id_at


class Span(Enum):
    """How much time one partition holds, and what its bounds are made of."""

    DAY = "day"
    """One day of a timestamp column."""
    MONTH = "month"
    """One month of a UUIDv7 column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionedTable:
    """A table cut by range; its default partition must stay empty."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One piece: its table name and its bounds, the upper one excluded."""

    name: str
    lower: str
    upper: str


_tables: list[PartitionedTable] = []


def register(table: PartitionedTable) -> None:
    """Have partitions made for a table; called from `apps.py`."""
    if table not in _tables:
        _tables.append(table)


def list_partitioned_tables() -> list[PartitionedTable]:
    """Give all registered tables."""
    return list(_tables)


def partition_at(table: PartitionedTable, instant: datetime) -> Partition:
    """Name the partition that holds an instant, with its bounds."""
    start = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if table.span is Span.DAY:
        end = start + timedelta(days=1)
        return Partition(
            name=f"{table.name}_{start:%Y_%m_%d}", lower=start.isoformat(), upper=end.isoformat()
        )
    start = start.replace(day=1)
    end = next_month(start)
    return Partition(
        name=f"{table.name}_{start:%Y_%m}", lower=str(id_at(start)), upper=str(id_at(end))
    )


def next_month(start: datetime) -> datetime:
    """Give the first instant of the month after the one that begins at `start`."""
    return (start + timedelta(days=32)).replace(day=1)


def instants_ahead(table: PartitionedTable, now: datetime) -> list[datetime]:
    """Give one instant in each partition that should exist: the last one, this one and some ahead."""
    if table.span is Span.DAY:
        return [now + timedelta(days=days) for days in range(-1, 8)]
    first = now.replace(day=1)
    last = next_month(first)
    return [first - timedelta(days=1), first, last, next_month(last)]
