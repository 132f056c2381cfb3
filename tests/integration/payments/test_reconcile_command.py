"""`manage.py reconcile_payments`, from the provider's answer to what an operator reads."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.management import CommandError, call_command
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.orders.domain.statuses import CancelReason
from apps.orders.models import Order
from apps.orders.services.cancel_order import cancel_order
from apps.payments.adapters.registry import gateway_named
from apps.payments.models import (
    LedgerEntry,
    PaymentOperation,
    Reconciliation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.queries import refresh_gauges
from apps.payments.services.reconcile_due import OVERLAP, claim, reconcile_due
from apps.payments.services.reconcile_payments import MARGIN, reconcile_payments
from apps.platform.database_clock import database_now
from config.invariants import Scope, check_invariants, list_invariants
from infra.local.home import PROJECT
from infra.simulators.settlements import fee_of
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.shop import payment_of, place, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)
REPORTS = PROJECT / "tests" / "fixtures" / "settlements"


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatedStripe]:
    """One simulated Stripe for all tests."""
    simulator = SimulatedStripe()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(running: SimulatedStripe, settings: Settings) -> Iterator[SimulatedStripe]:
    """The simulated Stripe, which is in use beside the sandbox, with a stocked shop."""
    running.begin_anew()
    settings.OMS_GATEWAYS = ["sandbox", "stripe"]
    settings.OMS_SETTLEMENT_DAYS = 0
    settings.STRIPE_API_BASE = running.api_base
    settings.STRIPE_API_KEY = "sk_test_reconciling"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield running
    gateway_named.cache_clear()


def paid(provider: str = "stripe", token: str = "pm_card_visa") -> Order:
    order = place(provider=provider, token=token)
    work_off()
    assert payment_of(order).status == "captured"
    return order


def refunded(order: Order) -> None:
    cancel_order(
        order_id=order.id,
        reason=CancelReason.CUSTOMER_REQUEST,
        detail="",
        cause=make_cause(),
        now=database_now(),
    )
    work_off()
    assert payment_of(order).status == "refunded"


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; gives its exit status and all that it says."""
    out = io.StringIO()
    try:
        call_command("reconcile_payments", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def capture_of(order: Order) -> str:
    return PaymentOperation.objects.get(payment__order_id=order.id, kind="capture").reference


def _since(query: str) -> int:
    """Read from when on Stripe was asked for transactions."""
    return int(parse_qs(query)["created[gte]"][0])


class TestARun:
    def test_ends_well_where_report_and_ledger_agree(self, simulator: SimulatedStripe) -> None:
        order = paid()
        refunded(order)
        refunded(paid("sandbox", "tok_approve"))

        status, said = run()

        assert (status, said.splitlines()) == (
            0,
            ["sandbox: 2 lines, 2 new", "stripe: 2 lines, 2 new", "Report and ledger agree."],
        )
        fee = fee_of(payment_of(order).captured_minor)
        fees = LedgerEntry.objects.filter(to_account="fees").values_list("amount_minor", flat=True)
        assert list(fees) == [fee, fee]
        assert run()[0] == 0
        assert SettlementLineRecord.objects.count() == 4
        assert fees.count() == 2
        findings = check_invariants(list_invariants(), scope=Scope())
        assert [one.invariant.name for one in findings if not one.holds] == []

    def test_shows_every_kind_of_difference_and_closes_them(
        self, simulator: SimulatedStripe
    ) -> None:
        left_out, other, twice = paid(), paid(), paid()
        now = int(datetime.now(UTC).timestamp())
        strange = {"kind": "charge", "reference": "ch_strange", "amount": 5, "currency": "eur"}
        simulator.ask(
            "/_settlements",
            "POST",
            {
                "leave_out": [capture_of(left_out)],
                "amounts": {capture_of(other): 1},
                "twice": [capture_of(twice)],
                "extra": [{**strange, "created": now}],
            },
        )

        status, said = run("--provider", "stripe")

        assert status == 1
        assert "4 differences are open." in said
        for words in ("missing", "amount differs", "settled twice", "unknown payment"):
            assert words in said
        assert other.number in said
        assert "0.01 EUR" in said

        simulator.ask("/_settlements", "DELETE")
        status, said = run("--provider", "stripe")
        assert (status, "3 differences are open." in said) == (1, True)
        assert sorted(SettlementDifference.objects.values_list("kind", "state")) == [
            ("amount_differs", "open"),
            ("missing", "explained"),
            ("settled_twice", "open"),
            ("unknown_payment", "open"),
        ]

    def test_does_not_miss_what_was_reported_after_the_period(
        self, simulator: SimulatedStripe, settings: Settings
    ) -> None:
        settings.OMS_SETTLEMENT_DAYS = 2
        order = paid()
        now = database_now()
        late = {
            "kind": "charge",
            "reference": capture_of(order),
            "amount": payment_of(order).captured_minor,
            "currency": "eur",
            "created": int((now + timedelta(days=1)).timestamp()),
        }
        lies = {"leave_out": [capture_of(order)], "extra": [late]}
        simulator.ask("/_settlements", "POST", lies)
        reconcile_payments(
            provider="stripe",
            since=now - timedelta(days=1),
            until=now + timedelta(hours=1),
            now=now + timedelta(days=5),
        )
        assert SettlementLineRecord.objects.count() == 1
        assert not SettlementDifference.objects.exists()

    def test_of_a_provider_that_is_away_ends_with_2_and_goes_on_with_the_others(
        self, simulator: SimulatedStripe
    ) -> None:
        paid("sandbox", "tok_approve")
        with simulator.faults(down=True):
            status, said = run()
        assert status == 2
        assert "sandbox: 1 lines, 1 new" in said
        assert "stripe cannot be asked" in said
        assert "agree" not in said
        assert Reconciliation.objects.filter(ended_at__isnull=False).count() == 1


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


class TestAFile:
    def test_is_read_in_place_of_asking(self, simulator: SimulatedStripe) -> None:
        file = REPORTS / "stripe_balance_transactions.json"
        status, said = run("--provider", "stripe", "--file", str(file))
        assert status == 1
        assert "stripe: 5 lines, 5 new" in said
        assert simulator.exchanges == []
        assert set(SettlementDifference.objects.values_list("kind", flat=True)) == {
            "unknown_payment"
        }
        # The refund that failed moved nothing in the end.
        assert not SettlementDifference.objects.filter(subject="refund:re_1").exists()

    def test_does_not_make_us_miss_what_it_does_not_speak_of(
        self, simulator: SimulatedStripe
    ) -> None:
        paid()
        file = REPORTS / "stripe_balance_transactions.json"
        run("--provider", "stripe", "--file", str(file))
        assert not SettlementDifference.objects.filter(kind="missing").exists()
        run("--provider", "stripe", "--file", str(file), "--since", "2026-01-01")
        assert SettlementDifference.objects.filter(kind="missing").count() == 1

    @pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe"])
    def test_that_is_no_report_changes_nothing(
        self, simulator: SimulatedStripe, tmp_path: Path, content: bytes
    ) -> None:
        file = tmp_path / "report"
        file.write_bytes(content)
        status, said = run("--provider", "stripe", "--file", str(file))
        assert (status, "is no report of stripe" in said) == (2, True)
        assert not SettlementLineRecord.objects.exists()


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("--provider", "klarna"),
                "No provider 'klarna' is in use; choose of sandbox, stripe.",
            ),
            (("--file", "x"), "--file needs --provider"),
            (("--provider", "stripe", "--file", "/nowhere/x"), "cannot be read"),
            (("--since", "2026-11-02", "--until", "2026-11-01"), "before --until"),
            (("--since", "yesterday"), "'yesterday' is no day or time"),
            (("--since", "2026-11-02T10:00"), "has no time zone"),
            (("--since", "0001-01-01"), "not between 2000 and tomorrow"),
            (("--until", "9999-12-31"), "not between 2000 and tomorrow"),
        ],
    )
    def test_is_answered_in_one_line(
        self, simulator: SimulatedStripe, arguments: tuple[str, ...], said: str
    ) -> None:
        status, answer = run(*arguments)
        assert said in answer
        # Django's parser ends with 2 on the command line alone; called from here it says 1.
        is_no_argument = answer.startswith("Error: argument")
        assert (status, len(answer.strip().splitlines())) == (1 if is_no_argument else 2, 1)
        assert not Reconciliation.objects.exists()


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
