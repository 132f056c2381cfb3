"""A comparison that comes again: differences are found once, closed when they are over, and settled by people."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import LedgerEntry, SettlementDifference, SettlementLineRecord
from apps.payments.ports import Done, GatewayUnavailable, SettlementLine
from apps.payments.services.reconcile_payments import PAGE
from apps.payments.services.settle_difference import settle_difference
from tests.conftest import make_cause
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import ask, captured, hear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_patience")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestARunThatStops:
    def test_keeps_what_it_has_read_and_is_simply_begun_again(self, now: datetime) -> None:
        lines = [line(reference=f"ch_{nth}", fee=1, at=now) for nth in range(PAGE + 100)]

        def broken() -> Iterator[SettlementLine]:
            yield from lines[: PAGE + 50]
            raise GatewayUnavailable("gone")

        with pytest.raises(GatewayUnavailable):
            reconcile(broken(), now)
        assert SettlementLineRecord.objects.count() == PAGE + 50
        done = reconcile(lines, now)
        assert (done.lines_read, done.lines_new) == (PAGE + 100, 50)
        assert LedgerEntry.objects.filter(to_account="fees").count() == PAGE + 100


class TestASecondRun:
    def test_changes_nothing(self, now: datetime) -> None:
        lines = [
            line(of=captured(now), gross=99, fee=7, at=now),
            line(reference="ch_2", fee=3, at=now),
        ]
        reconcile(lines, now)
        before = list(SettlementDifference.objects.order_by("id").values())
        again = reconcile(lines, now, later=2)
        assert (again.lines_read, again.lines_new) == (2, 0)
        assert list(SettlementDifference.objects.order_by("id").values()) == before
        assert SettlementLineRecord.objects.count() == 2
        assert LedgerEntry.objects.filter(to_account="fees").count() == 2

    def test_takes_a_line_that_comes_twice_in_a_page_once(self, now: datetime) -> None:
        one = line(of=captured(now), fee=7, at=now)
        assert reconcile([one, one], now).lines_new == 1
        assert found() == []

    def test_explains_what_a_later_line_makes_whole(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([], now, later=3)
        reconcile([line(of=payment, at=now)], now, later=4)
        row = SettlementDifference.objects.get()
        assert (row.state, row.closed_by) == ("explained", "system:reconciliation")
        assert row.closed_at == now + timedelta(days=4)

    def test_explains_what_the_ledger_has_caught_up_with(self, now: datetime) -> None:
        payment = captured(now)
        reconcile(
            [
                line(of=payment, at=now),
                line(SettlementKind.REFUND, reference="re_1", of=payment, at=now),
            ],
            now,
        )
        assert found() == [("unknown_movement", "refund:re_1", None, 100, "open")]
        hear(ask(payment, OperationKind.REFUND, now), Done(reference="re_1"), now)
        reconcile([], now)
        assert found()[0][-1] == "explained"

    def test_keeps_what_is_missing_open_whatever_period_it_is_for(self, now: datetime) -> None:
        captured(now)
        reconcile([], now, later=3)
        reconcile([], now, later=1)
        assert found() == [("missing", "charge:ch_1", 100, None, "open")]


class TestSettling:
    def settle(self, now: datetime) -> SettlementDifference | None:
        return settle_difference(
            difference_id=SettlementDifference.objects.get().id,
            reason="agreed with the provider",
            cause=make_cause("agent:7"),
            now=now,
        )

    def test_closes_a_difference_in_somebodys_name(self, now: datetime) -> None:
        one = line(of=captured(now), gross=99, at=now)
        reconcile([one], now)
        settled = self.settle(now)
        assert settled is not None
        assert (settled.state, settled.closed_by, settled.reason) == (
            "settled",
            "agent:7",
            "agreed with the provider",
        )
        reconcile([one], now)
        assert found()[0][-1] == "settled"
        assert self.settle(now) is None

    def test_does_not_hold_for_another_difference(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, gross=99, at=now)], now)
        self.settle(now)
        reconcile([line(of=payment, gross=99, at=now)], now)
        assert found() == [("settled_twice", "charge:ch_1", 100, 198, "open")]
