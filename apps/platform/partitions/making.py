"""Make partitions ahead of time, and watch the default ones."""

from datetime import datetime

import structlog
from django.db import DatabaseError, connection, transaction

from apps.platform.database_failures import described
from apps.platform.partitions.registry import (
    Partition,
    PartitionedTable,
    instants_ahead,
    list_partitioned_tables,
    partition_at,
)
from apps.platform.telemetry.metrics import default_partition_rows

log = structlog.get_logger(__name__)


def ensure_partitions(*, now: datetime) -> list[str]:
    """Make the partitions that are needed around `now`; returns the names of new ones.

    Calling it again makes nothing. A partition is filled in apart and then attached, so that
    writers of the table are held up for an instant only. One that cannot be made, since its rows lie in
    the default partition, keeps no other from being made.

    Raises:
        DatabaseError: what stood in the way of the first that could not be made, after all others.
    """
    made: list[str] = []
    failures: list[DatabaseError] = []
    for table in list_partitioned_tables():
        for instant in instants_ahead(table, now):
            partition = partition_at(table, instant)
            if _exists(partition.name):
                continue
            try:
                _make(table, partition)
            except DatabaseError as error:
                log.error("partition_not_made", partition=partition.name, error=described(error))
                failures.append(error)
            else:
                made.append(partition.name)
    if failures:
        raise failures[0]
    return made


def count_default_rows() -> dict[str, int]:
    """Count the rows that fell into default partitions, by table; more than zero is an alarm."""
    counts = {}
    for table in list_partitioned_tables():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {default_name(table)} LIMIT 1000) d"
            )
            (counts[table.name],) = cursor.fetchone()
    return counts


def refresh_gauges() -> None:
    """Bring the alarm's metric up to date."""
    for table, rows in count_default_rows().items():
        default_partition_rows.labels(table=table).set(rows)


def default_name(table: PartitionedTable) -> str:
    """Name the partition that takes what no other holds."""
    return f"{table.name}_default"


def _make(table: PartitionedTable, partition: Partition) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute(
            f"CREATE TABLE {partition.name} (LIKE {table.name} INCLUDING DEFAULTS "
            "INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        )
        cursor.execute(
            f"ALTER TABLE {table.name} ATTACH PARTITION {partition.name} "
            f"FOR VALUES FROM ('{partition.lower}') TO ('{partition.upper}')"
        )


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        (exists,) = cursor.fetchone()
    return bool(exists)
