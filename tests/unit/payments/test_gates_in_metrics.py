"""Gates in the metrics of a process that has nothing to do."""

from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from apps.payments.adapters.registry import list_gates
from apps.payments.services import dispatch_operations
from apps.payments.services.dispatch_operations import look_at_gates
from apps.platform.resilience.gate import Gate
from apps.platform.resilience.stores import MemoryStore
from apps.platform.telemetry import metrics


def shown(name: str, gate: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"gateway": f"payments:{gate}"})


class TestGatesInMetrics:
    def test_are_as_they_stand_now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        store = MemoryStore()
        gates = {name: Gate(f"payments:{name}", store=store) for name in list_gates()}
        monkeypatch.setattr(dispatch_operations, "gate_named", gates.__getitem__)
        elsewhere, now = Gate("payments:sandbox", store=store), datetime.now(UTC)
        elsewhere.record([], elsewhere.permits(5, now), now)
        for name in gates:
            metrics.breaker_state.labels(f"payments:{name}").set(1)
            metrics.gate_is_shared.labels(f"payments:{name}").set(0)

        look_at_gates()

        assert {name: shown("breaker_state", name) for name in gates} == {
            name: 2 if name == "sandbox" else 0 for name in gates
        }
        assert {shown("gate_is_shared", name) for name in gates} == {1}

    def test_are_looked_at_whenever_the_page_is(self) -> None:
        assert look_at_gates in metrics.list_gauge_sources().values()
