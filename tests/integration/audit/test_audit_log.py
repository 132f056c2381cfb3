"""The log that nobody can rewrite."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoAssertNumQueries

from apps.kernel.identifiers import time_of
from apps.platform.audit.models import AuditEntry, AuditLogIsFinal
from apps.platform.audit.recording import Deed, record, record_all

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORDER = UUID("01934567-89ab-7123-8456-0123456789ab")
CORRELATION = UUID("01934567-89ab-7123-8456-000000000001")

pytestmark = pytest.mark.django_db


def refund(at: datetime = NOW) -> AuditEntry:
    """Write down a refund."""
    return record(
        actor="agent:7",
        action="payments.refund",
        subject_type="order",
        subject_id=ORDER,
        reason="parcel lost",
        changes={"refunded": ["0.00", "12.90"]},
        correlation_id=CORRELATION,
        ip="192.0.2.7",
        now=at,
    )


class TestRecord:
    def test_writes_down_who_did_what_and_why(self) -> None:
        entry = AuditEntry.objects.get(pk=refund().pk)

        assert (entry.actor, entry.action, entry.reason) == (
            "agent:7",
            "payments.refund",
            "parcel lost",
        )
        assert (entry.subject_type, entry.subject_id) == ("order", str(ORDER))
        assert entry.changes == {"refunded": ["0.00", "12.90"]}
        assert (entry.at, entry.correlation_id, entry.ip) == (NOW, CORRELATION, "192.0.2.7")
        assert time_of(entry.id) == NOW

    def test_asks_for_no_more_than_it_needs(self) -> None:
        entry = record(
            actor="system:sweeper",
            action="orders.expire",
            subject_type="order",
            subject_id="7",
            now=NOW,
        )
        entry.refresh_from_db()

        assert (entry.reason, entry.changes, entry.correlation_id, entry.ip) == ("", {}, None, None)

    def test_keeps_secrets_out_of_what_cannot_be_erased(self) -> None:
        entry = record(
            actor="agent:7",
            action="customers.edit",
            subject_type="customer",
            subject_id="7",
            reason="card 4242 4242 4242 4242 read out on the telephone",
            changes={"email": ["ann@shop.example", None], "password": "hunter2"},
            now=NOW,
        )
        entry.refresh_from_db()

        assert entry.reason == "card [card] read out on the telephone"
        assert entry.changes == {"email": ["[email]", None], "password": "[secret]"}

    def test_writes_many_with_one_statement(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        deeds = [
            Deed(
                actor="system", action="payments.capture", subject_type="payment", subject_id=str(n)
            )
            for n in range(50)
        ]

        with django_assert_num_queries(1):
            entries = record_all(deeds, now=NOW)

        assert [entry.subject_id for entry in entries] == [str(n) for n in range(50)]
        assert AuditEntry.objects.count() == 50

    def test_refuses_a_deed_of_nobody(self) -> None:
        with pytest.raises(IntegrityError, match="audit_entry_names_actor_and_action"):
            record(actor="", action="x", subject_type="order", subject_id="7", now=NOW)


class TestRecordAndItsTransaction:
    @pytest.mark.django_db(transaction=True)
    def test_refuses_to_write_without_one(self) -> None:
        with pytest.raises(TransactionManagementError):
            refund()
        assert AuditEntry.objects.count() == 0

    @pytest.mark.django_db(transaction=True)
    def test_leaves_nothing_of_a_deed_that_was_undone(self) -> None:
        with transaction.atomic():
            refund()
            transaction.set_rollback(True)

        assert AuditEntry.objects.count() == 0


class TestAuditEntry:
    def test_is_never_changed(self) -> None:
        entry = refund()
        entry.actor = "agent:8"

        with pytest.raises(AuditLogIsFinal):
            entry.save()
        with pytest.raises(AuditLogIsFinal):
            AuditEntry.objects.update(actor="agent:8")
        with pytest.raises(AuditLogIsFinal):
            AuditEntry.objects.get().save(update_fields=["actor"])
        with pytest.raises(AuditLogIsFinal), transaction.atomic():
            AuditEntry.objects.bulk_update([entry], ["actor"])
        assert AuditEntry.objects.get().actor == "agent:7"

    def test_is_never_deleted(self) -> None:
        entry = refund()

        with pytest.raises(AuditLogIsFinal):
            entry.delete()
        with pytest.raises(AuditLogIsFinal):
            AuditEntry.objects.all().delete()
        assert AuditEntry.objects.count() == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_entry SET actor = 'agent:8'",
            "DELETE FROM audit_entry",
            "TRUNCATE audit_entry",
        ],
    )
    def test_is_safe_from_sql(self, statement: str) -> None:
        refund(at=datetime.now(UTC) - timedelta(days=364))

        with (
            pytest.raises(IntegrityError, match="entries stay as written"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert AuditEntry.objects.get().actor == "agent:7"

    def test_may_go_after_a_year_but_still_not_change(self) -> None:
        refund(at=datetime.now(UTC) - timedelta(days=367))

        with (
            pytest.raises(IntegrityError, match="entries stay as written"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE audit_entry SET actor = 'agent:8'")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_entry")

        assert AuditEntry.objects.count() == 0
