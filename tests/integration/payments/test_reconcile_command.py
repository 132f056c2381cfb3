"""`manage.py reconcile_payments`, from the provider's answer to what an operator reads."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.payments.models import (
    LedgerEntry,
    Reconciliation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.services.reconcile_payments import reconcile_payments
from apps.platform.database_clock import database_now
from config.invariants import Scope, check_invariants, list_invariants
from infra.local.home import PROJECT
from infra.simulators.settlements import fee_of
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.reconciled_shop import capture_of, paid, refunded, run
from tests.integration.shop import payment_of

pytestmark = pytest.mark.django_db(transaction=True)
REPORTS = PROJECT / "tests" / "fixtures" / "settlements"


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

    def test_ends_with_1_for_what_is_open_though_a_provider_is_away(
        self, simulator: SimulatedStripe
    ) -> None:
        simulator.ask("/_settlements", "POST", {"twice": [capture_of(paid())]})
        assert run("--provider", "stripe")[0] == 1
        with simulator.faults(down=True):
            status, said = run()
        assert status == 1
        assert "settled twice" in said
        assert "1 difference is open. stripe cannot be asked" in said


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
