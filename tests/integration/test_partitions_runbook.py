"""The way out that the runbook on partitions describes."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.platform.outbox.models import StoredEvent
from apps.platform.partitions.making import count_default_rows
from infra.local.home import PROJECT

DAY = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_runbook_moves_rows_out_of_the_default_partition() -> None:
    runbook = (PROJECT / "docs" / "runbooks" / "partitions.md").read_text()
    ((statements,),) = [re.findall(r"```sql\n(.*?)```", runbook, re.DOTALL)]
    for written, day in (("2026_11_22", "2031_05_04"), ("2026-11-22", "2031-05-04")):
        statements = statements.replace(written, day)
    statements = statements.replace("2026-11-23", "2031-05-05")
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
