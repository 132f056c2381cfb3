"""The day's comparison with each provider: what counts as one, who is asked, and when again."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.payments.adapters.registry import gateway_named
from apps.payments.models import (
    LedgerEntry,
    Reconciliation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.ports import GatewayUnavailable
from apps.payments.queries import refresh_gauges
from apps.payments.services.reconcile_due import OVERLAP, claim, reconcile_due
from apps.payments.services.reconcile_payments import MARGIN, PAGE, reconcile_payments
from apps.platform.database_clock import database_now
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.reconciled_shop import capture_of, paid, run

pytestmark = pytest.mark.django_db(transaction=True)


def _since(query: str) -> int:
    """Read from when on Stripe was asked for transactions."""
    return int(parse_qs(query)["created[gte]"][0])


class TestWhatCountsAsTheDaysComparison:
    def read_until(self) -> datetime | None:
        return Reconciliation.objects.get(provider="stripe").read_until

    def test_is_a_run_up_to_now(self, simulator: SimulatedStripe) -> None:
        before = database_now()
        run()
        row = Reconciliation.objects.get(provider="stripe")
        assert row.read_until == row.ended_at
        assert row.read_until is not None
        assert row.read_until >= before
        assert reconcile_due(now=database_now()) == []

    def test_is_no_first_run_of_fewer_days_than_usual(self, simulator: SimulatedStripe) -> None:
        run("--since", f"{database_now() - timedelta(days=1):%Y-%m-%d}")
        assert self.read_until() is None
        assert reconcile_due(now=database_now()) == ["sandbox", "stripe"]

    @pytest.mark.parametrize(
        ("since", "until"),
        [
            pytest.param(-1, 0, id="one that leaves a gap"),
            pytest.param(-20, -4, id="one that ends earlier"),
        ],
    )
    def test_is_no_run_that_does_not_go_on_from_the_last(
        self, simulator: SimulatedStripe, since: int, until: int
    ) -> None:
        now = database_now()
        last = now - timedelta(days=3)
        Reconciliation.objects.create(
            provider="stripe", began_at=last, ended_at=last, read_until=last, problem="away"
        )
        days = [(now + timedelta(days=nth)).isoformat() for nth in (since, until)]
        run("--since", days[0], "--until", days[1])
        row = Reconciliation.objects.get(provider="stripe")
        assert (row.read_until, row.ended_at, row.problem) == (last, last, "away")

    def test_is_no_run_up_to_another_day(self, simulator: SimulatedStripe) -> None:
        day = database_now() - timedelta(days=2)
        run("--until", day.isoformat())
        assert self.read_until() == day
        assert reconcile_due(now=database_now()) == ["sandbox", "stripe"]

    def test_reaches_no_further_than_now(self, simulator: SimulatedStripe) -> None:
        run("--until", (database_now() + timedelta(hours=20)).isoformat())
        until = self.read_until()
        assert until is not None
        assert until <= database_now()


class TestTheDailyTask:
    def test_asks_each_provider_once_a_day(self, simulator: SimulatedStripe) -> None:
        paid()
        now = database_now()
        assert reconcile_due(now=now + timedelta(seconds=1)) == ["sandbox", "stripe"]
        assert SettlementLineRecord.objects.count() == 1
        assert reconcile_due(now=now + timedelta(hours=2)) == []
        assert reconcile_due(now=now + timedelta(hours=24)) == ["sandbox", "stripe"]
        first, last = simulator.requests_to("GET", "/v1/balance_transactions")
        assert _since(first.query) < _since(last.query)

    def test_asks_again_in_the_next_hour_who_was_away(self, simulator: SimulatedStripe) -> None:
        now = database_now()
        with simulator.faults(down=True):
            assert reconcile_due(now=now) == ["sandbox"]
        assert Reconciliation.objects.get(provider="stripe").problem == "stripe_unavailable"
        assert reconcile_due(now=now + timedelta(hours=1)) == ["stripe"]
        assert Reconciliation.objects.get(provider="stripe").problem == ""

    def test_goes_on_from_what_it_read_last_however_long_ago_that_is(
        self, simulator: SimulatedStripe
    ) -> None:
        order = paid()
        simulator.ask("/_settlements", "POST", {"leave_out": [capture_of(order)]})
        now = database_now()
        Reconciliation.objects.create(provider="stripe", began_at=now, ended_at=now, read_until=now)
        reconcile_due(now=now + timedelta(days=40))
        (asked,) = simulator.requests_to("GET", "/v1/balance_transactions")
        assert _since(asked.query) == int((now - OVERLAP - MARGIN).timestamp())
        missing = SettlementDifference.objects.get(payment__isnull=False)
        assert (missing.kind, missing.subject) == ("missing", f"charge:{capture_of(order)}")

    def test_leaves_a_second_try_that_is_under_way_alone(self, simulator: SimulatedStripe) -> None:
        now = database_now()
        Reconciliation.objects.create(
            provider="stripe", began_at=now - timedelta(hours=1), problem="stripe_unavailable"
        )
        assert [claim("stripe", now), claim("stripe", now)] == [True, False]

    def test_goes_on_with_the_others_where_one_breaks(
        self,
        simulator: SimulatedStripe,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        settings.OMS_GATEWAYS = ["stripe", "sandbox"]
        gateway = gateway_named("stripe")
        monkeypatch.setattr(gateway, "list_settled", lambda: None)
        assert reconcile_due(now=database_now()) == ["sandbox"]
        problem = Reconciliation.objects.get(provider="stripe").problem
        assert "TypeError" in problem
        assert "reconciliation_broken" in caplog.text

    def test_goes_on_after_a_provider_that_broke_off_in_the_middle(
        self, simulator: SimulatedStripe
    ) -> None:
        count = 2 * PAGE + 200
        now = database_now()
        booked = int((now - timedelta(hours=1)).timestamp())
        fee = {"kind": "fee", "amount": 5, "currency": "eur", "created": booked}
        fees = [{**fee, "reference": f"fee_{nth}"} for nth in range(count)]
        simulator.ask("/_settlements", "POST", {"extra": fees})
        read = partial(
            reconcile_payments, provider="stripe", since=now - timedelta(days=1), until=now, now=now
        )

        def break_off(_: int) -> None:
            simulator.ask("/_faults", "POST", {"down": True})

        with pytest.raises(GatewayUnavailable):
            read(on_page=break_off)
        assert SettlementLineRecord.objects.count() == PAGE

        simulator.ask("/_faults", "DELETE")
        done = read()
        assert (done.lines_read, done.lines_new) == (count, count - PAGE)
        assert LedgerEntry.objects.filter(what="Fee").count() == count

    def test_says_with_every_page_that_it_is_at_it(self, simulator: SimulatedStripe) -> None:
        now = database_now()
        booked = int((now - timedelta(hours=3)).timestamp())
        fee = {"kind": "fee", "reference": "fee_1", "amount": 5, "currency": "eur"}
        simulator.ask("/_settlements", "POST", {"extra": [{**fee, "created": booked}]})
        reconcile_due(now=now - timedelta(hours=2))
        row = Reconciliation.objects.get(provider="stripe")
        assert row.began_at is not None
        assert row.began_at > now

    def test_takes_up_again_what_fell_silent(self, simulator: SimulatedStripe) -> None:
        now = database_now()
        Reconciliation.objects.create(provider="stripe", began_at=now - timedelta(minutes=29))
        assert not claim("stripe", now)
        assert claim("stripe", now + timedelta(minutes=1))

    def test_leaves_a_run_that_is_under_way_alone(self, simulator: SimulatedStripe) -> None:
        now = database_now()
        Reconciliation.objects.create(provider="stripe", began_at=now)
        Reconciliation.objects.create(provider="sandbox", began_at=now - timedelta(hours=4))
        assert reconcile_due(now=now + timedelta(minutes=5)) == ["sandbox"]

    def test_is_seen_in_the_metrics(self, simulator: SimulatedStripe) -> None:
        simulator.ask("/_settlements", "POST", {"leave_out": [capture_of(paid())]})
        reconcile_due(now=database_now() + timedelta(seconds=1))
        refresh_gauges()

        def value(name: str, gateway: str) -> Any:
            return REGISTRY.get_sample_value(name, {"gateway": gateway})

        assert value("settlement_differences_open", "stripe") == 1
        assert value("settlement_differences_open", "sandbox") == 0
        assert value("reconciliation_age_seconds", "stripe") < 60

    def test_is_infinitely_old_where_it_never_ended(self, simulator: SimulatedStripe) -> None:
        with simulator.faults(down=True):
            reconcile_due(now=database_now())
        refresh_gauges()
        age = REGISTRY.get_sample_value("reconciliation_age_seconds", {"gateway": "stripe"})
        assert age == float("inf")
