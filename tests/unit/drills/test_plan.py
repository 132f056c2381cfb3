"""The plan of a drill: drawn from its seed, and complete."""

from collections import Counter

import pytest

from infra.local.programs import ROLES, SIMULATORS
from tests.resilience import plan
from tests.resilience.__main__ import main
from tests.resilience.plan import Plan, plan_faults, plan_orders, quick_plan


class TestPlanOrders:
    def test_gives_the_same_orders_for_the_same_seed_alone(self) -> None:
        assert plan_orders(Plan(seed=3)) == plan_orders(Plan(seed=3))
        assert plan_orders(Plan(seed=3)) != plan_orders(Plan(seed=4))

    def test_spreads_orders_over_the_time_there_is(self) -> None:
        wishes = plan_orders(Plan(seed=3, orders=400, rate=20))
        assert [wish.number for wish in wishes] == list(range(1, 401))
        assert [wish.at for wish in wishes] == sorted(wish.at for wish in wishes)
        assert wishes[0].at >= 0
        assert wishes[-1].at <= 20

    def test_wants_more_of_the_scarce_products_than_there_are(self) -> None:
        drill = Plan(seed=3)
        wanted = Counter(sku for wish in plan_orders(drill) for sku, _ in wish.items)
        assert all(wanted[sku] > drill.scarce_units for sku in plan.SCARCE_SKUS)

    def test_leaves_stripe_alone_where_it_is_not_there(self) -> None:
        drill = Plan(seed=3, with_stripe=False)
        assert {wish.provider for wish in plan_orders(drill)} == {"sandbox"}
        assert not [fault for fault in plan_faults(drill) if fault.kind == plan.SPOIL_STRIPE]


class TestPlanFaults:
    def test_gives_the_same_faults_for_the_same_seed_alone(self) -> None:
        assert plan_faults(Plan(seed=3)) == plan_faults(Plan(seed=3))
        assert plan_faults(Plan(seed=3)) != plan_faults(Plan(seed=4))

    def test_kills_every_process_of_the_platform_in_a_minute(self) -> None:
        killed = {fault.target for fault in plan_faults(Plan(seed=3)) if fault.kind == plan.KILL}
        assert killed == set(ROLES) - {SIMULATORS}

    @pytest.mark.parametrize("seed", range(5))
    def test_has_every_kind_of_server_fault_even_when_quick(self, seed: int) -> None:
        kinds = {fault.kind for fault in plan_faults(quick_plan(seed=seed))}
        assert kinds >= {
            plan.KILL,
            plan.CRASH_POSTGRES,
            plan.KILL_VALKEY,
            plan.WIPE_VALKEY,
            plan.SPOIL_STRIPE,
        }

    def test_comes_as_often_as_it_says(self) -> None:
        kinds = Counter(fault.kind for fault in plan_faults(Plan(seed=3, orders=1200, rate=20)))
        assert kinds[plan.CRASH_POSTGRES] == 3
        assert kinds[plan.KILL_VALKEY] + kinds[plan.WIPE_VALKEY] == 4
        processes = (plan.KILL, plan.KILL_CHILD, plan.FREEZE, plan.CUT)
        assert sum(kinds[kind] for kind in processes) == 60
        assert kinds[plan.FREEZE] == kinds[plan.THAW]
        assert kinds[plan.SPOIL_STRIPE] == kinds[plan.MEND_STRIPE] == 10

    def test_ends_before_the_orders_do_but_for_what_mends(self) -> None:
        drill = Plan(seed=3)
        faults = [fault for fault in plan_faults(drill) if fault.kind not in plan.MENDING]
        assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
        assert faults[-1].at <= drill.seconds


class TestUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["--orders", "0"],
            ["--rate", "-1"],
            ["--seconds", "inf"],
            ["--orders", "10", "--rate", "1", "--seconds", "10"],
            ["--orders", "100001", "--rate", "1000"],
            ["--seconds", "3601"],
            ["--kill-every", "0"],
            ["--loud"],
            ["--only", "everything"],
            ["--payments", "0"],
            ["--payments", "100001"],
            ["--factor", "0"],
            ["--factor", "1/0"],
            ["--factor", "2"],
            ["--factor", "half"],
        ],
    )
    def test_ends_with_2_and_starts_nothing(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "usage:" in capsys.readouterr().err
