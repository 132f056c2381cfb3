"""What a run is summed up in, how it is judged and kept, and how saturation is searched for."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from infra.local.home import Home
from tests.performance.ceiling import ORDER, Ceiling, statements_of
from tests.performance.database import Spent, Statements, UnderWay
from tests.performance.figures import Run
from tests.performance.load import Answer, LoadReport, at_rate
from tests.performance.measuring import Costs, sum_up
from tests.performance.processes import cpu_between
from tests.performance.report import save
from tests.performance.saturation import search
from tests.performance.scenarios import SCENARIOS, Scenario, chosen
from tests.performance.targets import judged

START = 1_000.0
NOTHING_LEFT = UnderWay(orders=0, deliveries=0, payment_calls=0)
COSTS = Costs(
    cpu={"web": 0.2, "worker": 0.3, "postgres": 0.1, "other": 0.0},
    peak_mib=512.04,
    statements=Statements(count=1_000, control=200, are="statements"),
    dearest=[Spent(statement="SELECT 1", calls=50, milliseconds=25.0)],
    left=NOTHING_LEFT,
)


def make_answers(count: int, *, seconds: float, placement: float = 0.02) -> list[Answer]:
    return [
        Answer(
            START + number * seconds / count,
            START + number * seconds / count + placement,
            202,
            f"order-{number}",
        )
        for number in range(count)
    ]


def make_run(
    name: str = "steady",
    *,
    rate: float = 600,
    answers: Sequence[Answer] | None = None,
    confirmation: float = 0.5,
    lost: int = 0,
) -> Run:
    scenario = Scenario(name=name, title="", phases=(at_rate(rate, 10),))
    given = make_answers(100, seconds=10.0) if answers is None else answers
    confirmed = {
        answer.order_id: answer.scheduled_at + confirmation
        for answer in given[lost:]
        if answer.is_accepted
    }
    return sum_up(
        scenario,
        LoadReport(started_at=START, answers=list(given), cpu_seconds=0.03, late_ms=1.5),
        confirmed,
        COSTS,
        ceiling=Ceiling(orders_per_min=60_000, made_by="pgbench"),
    )


class TestSummary:
    def test_of_a_good_run(self) -> None:
        run = make_run()
        assert run.confirmed_per_min == 600
        assert (run.errors, run.error_kinds) == (0, {})
        assert (run.placement_ms.p95, run.confirm_ms.p95) == (20.0, 500.0)
        assert (run.cpu_ms_per_order, run.cpu_ms_by_role["worker"]) == (6.0, 3.0)
        assert (run.statements_per_order, run.transaction_control_per_order) == (10.0, 2.0)
        assert run.ratio_to_ceiling == 0.01
        assert run.dearest_statements[0].ms_per_order == 0.25
        assert run.backlog_end == pytest.approx(5, abs=1)
        assert run.notes == []

    def test_counts_refused_unanswered_and_unconfirmed_orders_as_errors(self) -> None:
        answers = make_answers(100, seconds=10.0)
        answers[10] = Answer(answers[10].scheduled_at, 1_002.0, 503, "")
        answers[11] = Answer(answers[11].scheduled_at, 0.0, 0, "")
        run = make_run(answers=answers, lost=3)
        assert run.errors == 5
        assert run.error_kinds == {
            "status 503": 1,
            "no answer": 1,
            "accepted, never confirmed": 3,
        }

    def test_measures_from_the_scheduled_instant_however_late_the_answer(self) -> None:
        run = make_run(answers=make_answers(100, seconds=10.0, placement=3.0))
        assert run.placement_ms.p50 == 3_000.0

    def test_of_a_run_without_any_accepted_order_has_no_times(self) -> None:
        run = make_run(answers=[Answer(START, START + 1, 503, "")])
        assert (run.placement_ms.p95, run.confirm_ms.p95, run.cpu_ms_per_order) == (None,) * 3
        assert run.confirmed_per_min == 0

    def test_says_what_was_left_undone(self) -> None:
        costs = replace(COSTS, left=UnderWay(orders=3, deliveries=2, payment_calls=1))
        run = sum_up(
            SCENARIOS[0],
            LoadReport(
                started_at=START, answers=make_answers(1, seconds=1), cpu_seconds=0, late_ms=40
            ),
            {},
            costs,
            ceiling=Ceiling(orders_per_min=1, made_by="pgbench"),
        )
        assert run.notes == [
            "the generator woke up 40 ms late at p99: the processors were busy",
            "after 30 s still under way: 3 orders, 2 events, 1 payment calls",
        ]


class TestTargets:
    def test_say_by_how_much_they_are_missed(self) -> None:
        run = judged(make_run(confirmation=1.75))
        verdicts = {verdict.target: verdict for verdict in run.targets}
        assert verdicts["placement p95"].is_met
        assert verdicts["placement to confirmed p95"].missed_by == "250 ms"
        assert verdicts["errors"].wanted == "none"

    def test_allow_for_a_slow_payment_provider(self) -> None:
        run = make_run("gateway", confirmation=1.65)
        slow = judged(msgspec.structs.replace(run, gateway_latency_ms=200))
        assert [verdict.is_met for verdict in judged(run).targets] == [True, False, True]
        assert [verdict.is_met for verdict in slow.targets] == [True, True, True]

    def test_are_missed_by_what_was_not_measured(self) -> None:
        run = judged(make_run(answers=[Answer(START, 0.0, 0, "")]))
        assert [verdict.is_met for verdict in run.targets] == [False, False, False]


class TestSave:
    def test_keeps_a_list_of_runs_with_every_figure(self, tmp_path: Path) -> None:
        file = save([judged(make_run()), make_run("burst")], home=tmp_path / "home")
        assert file == tmp_path / "home" / "bench" / "latest.json"
        first, second = json.loads(file.read_text())
        assert (first["name"], second["name"]) == ("steady", "burst")
        assert first["placement_ms"] == {"p50": 20.0, "p95": 20.0, "p99": 20.0}
        assert first["confirm_ms"] == {"p50": 500.0, "p95": 500.0, "p99": 500.0}
        figures = {name: first[name] for name in ("accepted_per_min", "confirmed_per_min")}
        figures |= {name: first[name] for name in ("errors", "cpu_ms_per_order", "peak_rss_mib")}
        figures |= {name: first[name] for name in ("statements_per_order", "ceiling_per_min")}
        assert figures == {
            "accepted_per_min": 600.0,
            "confirmed_per_min": 600.0,
            "errors": 0,
            "cpu_ms_per_order": 6.0,
            "peak_rss_mib": 512.0,
            "statements_per_order": 10.0,
            "ceiling_per_min": 60_000.0,
        }
        assert first["ratio_to_ceiling"] == 0.01

    def test_leaves_a_home_that_a_stack_accepts(self, tmp_path: Path) -> None:
        save([], home=tmp_path / "home")
        Home(path=tmp_path / "home").claim().release()


class TestChosen:
    def test_takes_all_runs_unless_told_otherwise(self) -> None:
        assert chosen(only=[], quick=False, rate=None, seconds=None) == list(SCENARIOS)

    def test_quick_runs_last_well_below_a_minute_together(self) -> None:
        runs = chosen(only=[], quick=True, rate=None, seconds=None)
        assert sum(run.seconds for run in runs) == 28
        assert len({run.platform for run in runs}) == 1

    def test_changes_rate_and_length_of_all_but_bursts(self) -> None:
        steady, burst = chosen(only=["steady", "burst"], quick=False, rate=300, seconds=4)
        assert (steady.offered_per_min, steady.seconds) == (300, 4)
        assert (burst.offered_per_min, burst.seconds) == (0, 0)

    def test_refuses_an_unknown_name(self) -> None:
        with pytest.raises(ValueError, match="no such run: stedy; there are steady"):
            chosen(only=["stedy"], quick=False, rate=None, seconds=None)


class TestSearch:
    def test_ends_where_it_breaks_and_returns_to_four_fifths(self) -> None:
        made: list[tuple[str, float]] = []

        def measure(scenario: Scenario) -> Run:
            made.append((scenario.name, round(scenario.offered_per_min)))
            seconds = 0.01 if scenario.offered_per_min < 9_000 else 0.4
            answers = make_answers(100, seconds=10.0, placement=seconds)
            run = make_run(scenario.name, rate=scenario.offered_per_min, answers=answers)
            return msgspec.structs.replace(run, backlog_end=0.0)

        first = Scenario(name="saturation", title="", phases=(at_rate(6_000, 10),))
        best, calm = search(first, measure)
        assert made == [
            *(("saturation", 6_000), ("saturation", 7_500), ("saturation", 9_372)),
            ("saturation-80", 6_000),
        ]
        assert [step.broke_by for step in best.steps] == ["", "", "placement"]
        assert (best.offered_per_min, calm.name) == (7_500, "saturation-80")

    def test_gives_the_first_step_where_already_that_breaks(self) -> None:
        def measure(scenario: Scenario) -> Run:
            return make_run(scenario.name, lost=1)

        (run,) = search(SCENARIOS[2], measure)
        assert [step.broke_by for step in run.steps] == ["errors"]


class TestProcessorTime:
    def test_is_told_apart_by_group(self) -> None:
        before = {"web": 1.0, "worker-orders": 2.0, "worker-payments": 3.0, "postgres": 4.0}
        after = {"web": 1.5, "worker-orders": 3.0, "worker-payments": 3.25, "valkey": 0.5}
        assert cpu_between(before, after) == {
            "web": 0.5,
            "worker": 1.25,
            "postgres": 0.0,
            "other": 0.5,
        }

    def test_of_a_role_started_anew_counts_from_its_start(self) -> None:
        assert cpu_between({"web": 9.0}, {"web": 0.5})["web"] == 0.5


class TestCeiling:
    def test_is_made_of_three_commits_and_one_order(self) -> None:
        statements = [text for text, _ in statements_of(ORDER.read_text())]
        assert statements.count("COMMIT") == 3
        starts = [text.split(" VALUES")[0].split(" (")[0] for text in statements]
        assert starts.count("INSERT INTO outbox") == 3
        assert sum(text.startswith("UPDATE stock_level") for text in statements) == 2
        assert sum("%(order_id)s" in text for text in statements) == 8
