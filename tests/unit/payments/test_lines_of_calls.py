"""A line about a call to a gateway says whose call it was. Calls that go well write none."""

import msgspec
import pytest

from apps.payments.adapters.sandbox import SandboxGateway
from apps.payments.ports import (
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    Outcome,
    OutcomeUnknown,
)
from apps.payments.services import dispatch_operations
from apps.payments.services.dispatch_operations import carry_out
from tests.log_lines import line_of, written_lines
from tests.unit.payments.test_carrying_out import claimed

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def gateway_that_fails(failure: Exception) -> SandboxGateway:
    class FailingGateway(SandboxGateway):
        def perform(self, call: GatewayCall) -> Outcome:
            raise failure

    return FailingGateway(latency_seconds=0, secret="", base_url="")


class TestLinesOfCalls:
    @pytest.mark.parametrize(
        ("failure", "message", "level"),
        [
            (GatewayMisused("the amount is too large"), "gateway_misused", "error"),
            (LookupError("a mistake of ours"), "gateway_adapter_failed", "error"),
            (GatewayUnavailable("sandbox_away"), "gateway_unavailable", "warning"),
            (OutcomeUnknown("sandbox_silent"), "gateway_outcome_unknown", "warning"),
        ],
    )
    def test_name_the_order_the_payment_and_the_call(
        self, monkeypatch: pytest.MonkeyPatch, failure: Exception, message: str, level: str
    ) -> None:
        gateway = gateway_that_fails(failure)
        monkeypatch.setattr(dispatch_operations, "gateway_named", lambda provider: gateway)
        one = msgspec.structs.replace(
            claimed(looks_first=False, may_be_made=True),
            trace_context=f"00-{TRACE}-00f067aa0ba902b7-01",
        )
        with written_lines() as lines:
            carry_out(one)
        line = line_of(lines, message)
        assert {
            name: line[name]
            for name in (
                *("level", "gateway", "kind", "trace_id"),
                *("order_id", "payment_id", "operation_id"),
            )
        } == {
            "level": level,
            "gateway": "sandbox",
            "kind": "capture",
            "trace_id": TRACE,
            "order_id": str(one.call.order_id),
            "payment_id": str(one.call.payment_id),
            "operation_id": str(one.call.operation_id),
        }
        assert line["duration_ms"] >= 0

    def test_are_not_written_where_all_goes_well(self) -> None:
        with written_lines() as lines:
            carry_out(claimed(looks_first=False, may_be_made=True))
        assert lines == []
