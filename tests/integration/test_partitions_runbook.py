"""Rows that lie in a default partition: what they hold up, and the way out that the runbook describes."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from apps.platform.outbox.models import StoredEvent
from apps.platform.partitions.making import count_default_rows, ensure_partitions
from infra.local.home import PROJECT
from tests.log_lines import line_of, written_lines

DAY = datetime(2031, 5, 4, 12, tzinfo=UTC)


def store_an_event_of_that_day() -> None:
    StoredEvent.objects.create(
        occurred_at=DAY,
        event_id=1,
        aggregate_type="order",
        aggregate_id=uuid.uuid4(),
        seq=1,
        key=uuid.uuid4(),
        type="orders.order_held",
        version=1,
        payload={},
        correlation_id=uuid.uuid4(),
        causation_id="",
        actor="system",
        region="local",
        trace_context="",
    )


@pytest.mark.django_db
def test_they_keep_no_other_partition_from_being_made() -> None:
    store_an_event_of_that_day()
    with pytest.raises(IntegrityError, match="default partition"), written_lines() as lines:
        ensure_partitions(now=DAY - timedelta(days=1))
    assert line_of(lines, "partition_not_made")["partition"] == "outbox_event_2031_05_04"
    with connection.cursor() as cursor:
        for made in ("outbox_event_2031_05_05", "orders_order_2031_06"):
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [made])
            assert cursor.fetchone() == (True,), made


@pytest.mark.django_db(transaction=True)
def test_the_runbook_moves_rows_out_of_the_default_partition() -> None:
    runbook = (PROJECT / "docs" / "runbooks" / "partitions.md").read_text()
    ((statements,),) = [re.findall(r"```sql\n(.*?)```", runbook, re.DOTALL)]
    for written, day in (("2026_11_22", "2031_05_04"), ("2026-11-22", "2031-05-04")):
        statements = statements.replace(written, day)
    statements = statements.replace("2026-11-23", "2031-05-05")
    store_an_event_of_that_day()
    assert count_default_rows()["outbox_event"] == 1
    try:
        with connection.cursor() as cursor:
            for statement in filter(str.strip, statements.split(";")):
                cursor.execute(statement)
            assert count_default_rows()["outbox_event"] == 0
            cursor.execute("SELECT event_id FROM outbox_event_2031_05_04")
            assert cursor.fetchall() == [(1,)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS outbox_event_2031_05_04")
