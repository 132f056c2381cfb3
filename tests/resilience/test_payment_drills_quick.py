"""The drills of payments in their smallest size, one after the other on one platform."""

import pytest

from infra.local.stack import Stack
from tests.resilience.outage_drill import play_outage
from tests.resilience.outage_plan import quick_outage
from tests.resilience.part import PartResult
from tests.resilience.payments_drill import play_payments
from tests.resilience.payments_plan import quick_payments
from tests.resilience.quiet import Counts
from tests.resilience.race_drill import play_races
from tests.resilience.races_plan import quick_races

SEED = 7

pytestmark = pytest.mark.resilience


class Nobody:
    """Is told how a drill goes, and does nothing about it."""

    def step(self, label: str, seconds: float) -> None:
        """One step of the start is done."""

    def going(self, *, seconds: float, asked: int, acknowledged: int, faults: int) -> None:
        """Orders arrive, faults with them."""

    def settling(self, *, seconds: float, moving: Counts | None) -> None:
        """The faults are over."""


def broken(result: PartResult) -> dict[str, list[str]]:
    """Give the promises that were not kept, with what shows it."""
    return {name: rows for name, rows in result.violations.items() if rows}


class TestPaymentDrills:
    def test_every_race_for_a_payment_makes_it_once(self, stack: Stack) -> None:
        plan = quick_races(seed=SEED)
        result = play_races(plan, stack=stack, screen=Nobody())
        assert broken(result) == {}
        assert result.figures["races_run"] == plan.races
        assert result.figures["payments_by_status"] == {
            f"{provider} captured": plan.races // 3 for provider in ("adyen", "paypal", "stripe")
        }

    def test_an_outage_of_one_provider_loses_nothing_and_stops_nobody(self, stack: Stack) -> None:
        result = play_outage(quick_outage(seed=SEED), stack=stack, screen=Nobody())
        assert broken(result) == {}
        assert result.figures["orders_acknowledged"] == result.figures["orders_asked"]
        assert result.figures["seconds_to_the_last_confirmation"] is not None
        assert result.chart

    def test_payments_end_once_or_not_at_all_whatever_fails(self, stack: Stack) -> None:
        plan = quick_payments(seed=SEED)
        result = play_payments(plan, stack=stack, screen=Nobody())
        assert broken(result) == {}
        assert result.figures["payments_acknowledged"] == plan.payments
        assert set(result.figures["disputes"]) == {"lost", "won"}  # type: ignore[call-overload]  # a JSON value
        assert {"kill worker-saga", "kill before the commit worker-saga"} <= set(
            result.as_document()["faults"]  # type: ignore[call-overload]  # a JSON value
        )
