"""The verdicts on payments, races and an outage find what they are there to find."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.resilience import plan as kinds
from tests.resilience.endings import judge_endings
from tests.resilience.outage_judge import (
    Course,
    Outage,
    draw_calls,
    judge_calls,
    judge_outage,
    judge_placements,
    pace_limit,
)
from tests.resilience.outage_plan import OutagePlan, plan_outage, plan_outage_orders, quick_outage
from tests.resilience.payments_plan import (
    PaymentsPlan,
    plan_disputes,
    plan_payment_faults,
    plan_payments,
    quick_payments,
)
from tests.resilience.race_judge import judge_races
from tests.resilience.races_plan import RacesPlan, plan_races

OUTAGE = Outage(began_at=1000.2, ended_at=1060.3)
PLAN = OutagePlan(seed=1)


def ending(
    status: str, payment: str | None, charged: int = 0, back: int = 0, lost: int = 0
) -> dict[str, Any]:
    return {
        "number": "N",
        "status": status,
        "payment": payment,
        "amount_minor": 1000,
        "captured_minor": charged,
        "refunded_minor": back,
        "lost_minor": lost,
    }


def race(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p",
        "status": "captured",
        "order_status": "confirmed",
        "amount_minor": 1000,
        "authorisations": 1,
        "captures": 1,
        "authorised": 1,
        "captured": 1,
        "other_entries": 0,
        **changes,
    }


def line(*captured: int, live: int = 0) -> dict[str, Any]:
    attempts = [{"amount": 1000, "captured": amount} for amount in captured]
    return {"attempts": attempts, "live_authorizations": live, "refunded": 0}


def names(found: dict[str, list[str]]) -> set[str]:
    return {name for name, rows in found.items() if rows}


class TestEndings:
    @pytest.mark.parametrize(
        "one",
        [
            ending("confirmed", "captured", 1000),
            ending("confirmed", "partially_refunded", 1000, 300),
            ending("confirmed", "refunded", 1000, 1000),
            ending("cancelled", "failed"),
            ending("cancelled", "voided"),
            ending("cancelled", "refunded", 1000, 1000),
            ending("cancelled", None),
            ending("confirmed", "captured", 1000, 0, 1000),
            ending("cancelled", "captured", 1000, 0, 1000),
            ending("cancelled", "partially_refunded", 1000, 300, 700),
            ending("cancelled", "refunded", 1000, 1000, 1000),
        ],
    )
    def test_are_clean(self, one: dict[str, Any]) -> None:
        assert judge_endings([one]) == []

    @pytest.mark.parametrize(
        "one",
        [
            ending("confirmed", "authorized"),
            ending("confirmed", "captured", 999),
            ending("confirmed", None),
            ending("cancelled", "captured", 1000),
            ending("cancelled", "refunded", 1000, 999),
            ending("cancelled", "captured", 1000, 0, 999),
            ending("payment_pending", "requires_action"),
        ],
    )
    def test_are_not(self, one: dict[str, Any]) -> None:
        assert len(judge_endings([one])) == 1


class TestRaces:
    def test_end_with_one_charge(self) -> None:
        assert names(judge_races([race()], {"p": line(1000)})) == set()

    @pytest.mark.parametrize("changes", [{"captures": 2}, {"authorised": 2}, {"other_entries": 1}])
    def test_are_not_won_twice_by_our_rows(self, changes: dict[str, int]) -> None:
        assert names(judge_races([race(**changes)], {"p": line(1000)})) == {
            "we_record_one_authorisation_and_one_capture"
        }

    @pytest.mark.parametrize("books", [{}, {"p": line(1000, 0)}, {"p": line(999)}])
    def test_are_not_won_twice_by_the_books(self, books: dict[str, Any]) -> None:
        assert names(judge_races([race()], books)) == {
            "the_provider_made_one_authorisation_and_one_capture"
        }

    def test_have_an_end(self) -> None:
        waiting = race(status="requires_action", order_status="payment_pending")
        assert names(judge_races([waiting], {"p": line(1000)})) == {
            "a_raced_payment_ends_confirmed_and_charged"
        }


def course(provider: str, placed_at: float, confirmed_at: float | None) -> Course:
    return Course(number="N", provider=provider, placed_at=placed_at, confirmed_at=confirmed_at)


class TestOutage:
    def test_stops_the_orders_of_its_provider_alone(self) -> None:
        courses = [course("adyen", 1010, 1011), course("stripe", 1010, 1065)]
        assert names(judge_outage(PLAN, courses, OUTAGE)) == set()

    @pytest.mark.parametrize("confirmed_at", [1061.0, None])
    def test_must_not_stop_the_others(self, confirmed_at: float | None) -> None:
        found = judge_outage(PLAN, [course("adyen", 1010, confirmed_at)], OUTAGE)
        assert "the_other_gateway_confirms_all_the_while" in names(found)

    def test_is_over_within_the_limit(self) -> None:
        late = OUTAGE.ended_at + PLAN.limit_seconds + 1
        found = judge_outage(PLAN, [course("stripe", 1010, late)], OUTAGE)
        assert names(found) == {"all_are_confirmed_in_time_after_recovery"}

    def test_leaves_the_provider_alone(self) -> None:
        assert names(judge_calls(PLAN, {1000: 8, 1020: 3, 1061: 3, 1062: 90}, 30, OUTAGE)) == set()
        found = judge_calls(PLAN, {1020: 9, 1030: 90}, 30, OUTAGE)
        assert names(found) == {"the_provider_is_left_alone_while_it_is_away"}

    def test_ends_without_a_herd(self) -> None:
        herd = {1062: pace_limit(PLAN) + 1}
        assert names(judge_calls(PLAN, herd, 30, OUTAGE)) == {"no_herd_comes_after_recovery"}
        assert names(judge_calls(PLAN, {}, 31, OUTAGE)) == {"no_more_calls_at_once_than_allowed"}

    @pytest.mark.parametrize(
        ("before", "during"),
        [
            ({"p50": 0.03, "p95": 0.06}, {"p50": 0.03, "p95": 0.06}),
            ({"p50": 0.03, "p95": 0.06}, {"p50": 0.25, "p95": 0.5}),
            ({"p50": 0.3, "p95": 0.9}, {"p50": 0.6, "p95": 2.7}),
        ],
    )
    def test_is_not_felt_by_who_places_an_order(
        self, before: dict[str, float], during: dict[str, float]
    ) -> None:
        assert names(judge_placements(before=before, during=during)) == set()

    @pytest.mark.parametrize(
        ("before", "during"),
        [
            ({"p50": 0.03, "p95": 0.06}, {"p50": 0.26, "p95": 0.3}),
            ({"p50": 0.03, "p95": 0.06}, {"p50": 0.03, "p95": 0.51}),
            ({"p50": 0.3, "p95": 0.9}, {"p50": 0.3, "p95": 2.8}),
            ({"p50": 0.0, "p95": 0.0}, {"p50": 5.0, "p95": 5.0}),
        ],
    )
    def test_must_not_slow_placements_down(
        self, before: dict[str, float], during: dict[str, float]
    ) -> None:
        found = judge_placements(before=before, during=during)
        assert names(found) == {"orders_are_accepted_as_fast_as_before"}

    def test_is_drawn_by_second(self) -> None:
        assert draw_calls({1059: 0, 1061: 3, 1062: 40}, OUTAGE)[-3:] == [
            "  +0    0 ",
            "  +1    3 ███",
            "  +2   40 ████████████████████████████████████████",
        ]

    def test_is_compressed_by_its_factor(self) -> None:
        assert (PLAN.outage_seconds, PLAN.limit_seconds) == (60.0, 20.0)
        longer = replace(PLAN, factor=0.1)
        assert (longer.outage_seconds, longer.limit_seconds) == (180.0, 60.0)
        assert "outage 1800 s → 180 s" in longer.scaling


class TestPlans:
    def test_are_the_same_for_the_same_seed_alone(self) -> None:
        assert plan_payments(PaymentsPlan(seed=3)) == plan_payments(PaymentsPlan(seed=3))
        assert plan_payments(PaymentsPlan(seed=3)) != plan_payments(PaymentsPlan(seed=4))
        assert plan_payment_faults(PaymentsPlan(seed=3)) == plan_payment_faults(
            PaymentsPlan(seed=3)
        )
        assert plan_outage_orders(PLAN) == plan_outage_orders(PLAN)
        assert plan_races(RacesPlan(seed=3)) == plan_races(RacesPlan(seed=3))
        assert plan_races(RacesPlan(seed=3)) != plan_races(RacesPlan(seed=4))

    def test_have_everything_happen_to_payments(self) -> None:
        wishes = plan_payments(PaymentsPlan(seed=3))
        assert len(wishes) == 1000
        assert {wish.provider for wish in wishes} == {"stripe", "adyen", "paypal", "sandbox"}
        assert sum(wish.cancels_after is not None for wish in wishes) > 50
        assert {wish.wants_back for wish in wishes} == {None, "", "1.00"}
        assert {wish.approval for wish in wishes if wish.token == "wallet"} == set(kinds.Approval)

    @pytest.mark.parametrize("seed", range(5))
    def test_have_charges_disputed_at_every_provider_both_ways(self, seed: int) -> None:
        found = plan_disputes(quick_payments(seed=seed))
        assert found == plan_disputes(quick_payments(seed=seed))
        assert {(one.provider, one.is_won) for one in found} == {
            (provider, is_won)
            for provider in ("stripe", "adyen", "paypal")
            for is_won in (True, False)
        }

    def test_leave_nobody_waiting_in_a_small_drill(self) -> None:
        wishes = [wish for seed in range(20) for wish in plan_payments(quick_payments(seed=seed))]
        asked = [wish for wish in wishes if wish.token in kinds.ASKING_TOKENS]
        assert kinds.Approval.FORGET not in {wish.approval for wish in asked}

    @pytest.mark.parametrize("seed", range(5))
    def test_spoil_every_provider_and_kill_at_every_point(self, seed: int) -> None:
        faults = plan_payment_faults(PaymentsPlan(seed=seed))
        spoilt = Counter(fault.provider for fault in faults if fault.kind == kinds.SPOIL)
        assert min(spoilt[name] for name in ("stripe", "adyen", "paypal")) >= 10
        killed = Counter(fault.kind for fault in faults)
        assert min(killed[kind] for kind in (kinds.KILL, kinds.KILL_BEFORE_COMMIT)) >= 3
        quick = {fault.kind for fault in plan_payment_faults(quick_payments(seed=seed))}
        assert {kinds.KILL, kinds.KILL_BEFORE_COMMIT, kinds.SPOIL} <= quick

    def test_bring_the_provider_back(self) -> None:
        *_, went, back = plan_outage(quick_outage(seed=1))
        assert (went.kind, back.kind) == (kinds.SPOIL, kinds.MEND)
        assert back.at - went.at == pytest.approx(9.0)
