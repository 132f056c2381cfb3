"""The alert rules: over metrics that there are, each with a runbook that knows it."""

import re
from typing import Any

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

from apps.platform.telemetry import metrics
from infra.local.home import PROJECT

ALERTS = PROJECT / "infra" / "monitoring" / "alerts.yml"
NO_METRICS = (r"\{[^}]*\}|\[[^\]]*\]", r"\b(?:by|without) *\([^)]*\)", r"\w+ *\(")
"""Labels and durations, then what is grouped by, then functions."""
WORD = re.compile(r"\b[a-z_][a-z0-9_]*\b")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def named_in(expression: str) -> set[str]:
    """Give the metrics of an expression: what is left without its functions, labels and durations."""
    for no_metric in NO_METRICS:
        expression = re.sub(no_metric, " ", expression)
    return set(WORD.findall(expression)) - {"and", "or", "unless"}


def exposed() -> set[str]:
    """Give every name under which a metric of ours is read."""
    families: list[Metric] = [
        family
        for one in vars(metrics).values()
        if isinstance(one, MetricWrapperBase)
        for family in one.describe()
    ]
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    return {family.name + ending for family in families for ending in endings[family.type]}


class TestAlerts:
    @pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
    def test_name_metrics_that_there_are(self, rule: dict[str, Any]) -> None:
        assert named_in(rule["expr"])
        assert named_in(rule["expr"]) <= exposed()

    @pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
    def test_have_a_runbook_that_knows_them(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        runbook = PROJECT / rule["annotations"]["runbook"]
        assert f"`{rule['alert']}`" in runbook.read_text(encoding="utf-8")

    def test_are_of_different_names(self) -> None:
        names = [rule["alert"] for rule in rules()]
        assert len(names) == len(set(names))

    def test_leave_a_new_installation_a_day_for_its_first_comparison(self) -> None:
        (late,) = (rule for rule in rules() if rule["alert"] == "ReconciliationLate")
        assert late["for"] == "1d"

    def test_come_at_more_than_ten_failed_payments_a_minute(self) -> None:
        (rule,) = [rule for rule in rules() if rule["alert"] == "PaymentsFailing"]
        assert rule["expr"] == "sum(rate(payments_failed_total[75s])) * 60 > 10"
        assert rule["labels"] == {"severity": "page"}

    def test_do_not_wait_for_a_second_minute_of_failed_payments(self) -> None:
        (rule,) = [rule for rule in rules() if rule["alert"] == "PaymentsFailing"]
        assert "for" not in rule

    def test_take_a_breaker_that_tries_again_for_open(self) -> None:
        (rule,) = [rule for rule in rules() if rule["alert"] == "BreakerOpen"]
        assert rule["expr"] == "max by (gateway) (breaker_state) >= 1"


class TestNamedIn:
    def test_leaves_out_what_is_no_metric(self) -> None:
        expression = 'sum by (a) (rate(b_total{c=~"5.."}[5m])) / max(d) > 0.001'
        assert named_in(expression) == {"b_total", "d"}
