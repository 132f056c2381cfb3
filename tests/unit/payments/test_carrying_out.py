"""What is done with a claimed call: made, looked up, or neither."""

import time
import uuid
from datetime import UTC, datetime

import pytest

from apps.kernel.identifiers import OrderId, PaymentId
from apps.kernel.money import Money
from apps.payments.adapters.paypal import gateway as paypal
from apps.payments.adapters.sandbox import SandboxGateway
from apps.payments.adapters.stripe.gateway import CALL_SECONDS
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import (
    LATEST_START_SECONDS,
    LEASE_SECONDS,
    LONGEST_CALL_SECONDS,
    OperationKind,
)
from apps.payments.ports import (
    Done,
    GatewayCall,
    GatewayMisused,
    NotKnown,
    NotMade,
    Outcome,
    Refused,
)
from apps.payments.services import dispatch_operations
from apps.payments.services.claim_operations import ClaimedOperation
from apps.payments.services.dispatch_operations import carry_out


def claimed(
    *,
    looks_first: bool,
    may_be_made: bool,
    kind: OperationKind = OperationKind.CAPTURE,
    is_overtaken: bool = False,
) -> ClaimedOperation:
    """Give a call that the sandbox would make."""
    payment_id = PaymentId(uuid.uuid4())
    return ClaimedOperation(
        call=GatewayCall(
            operation_id=OperationId(uuid.uuid4()),
            payment_id=payment_id,
            order_id=OrderId(uuid.uuid4()),
            kind=kind,
            amount=Money(100, "EUR"),
            idempotency_key=f"{payment_id}:capture:1",
            authorization="sbx_1",
            method_type="card",
            method_token="tok_approve",
            return_url="http://shop.example",
            created_at=datetime.now(UTC),
        ),
        token=1,
        provider="sandbox",
        looks_first=looks_first,
        may_be_made=may_be_made,
        is_overtaken=is_overtaken,
        trace_context="",
        claimed_at=datetime.now(UTC),
        claimed_on_timer=time.monotonic(),
    )


class SlowGateway(SandboxGateway):
    """Takes its time to look things up, and must not be asked for more after that."""

    def look_up(self, call: GatewayCall) -> Outcome | None:
        time.sleep(0.05)
        return None

    def perform(self, call: GatewayCall) -> Outcome:
        raise AssertionError("too late")


class StrictGateway(SandboxGateway):
    """Has not done it, and does not take it either."""

    def perform(self, call: GatewayCall) -> Outcome:
        raise GatewayMisused("the amount is too large")


class BooklessGateway(SandboxGateway):
    """Has told nothing of the call."""

    has_books = False

    def look_up(self, call: GatewayCall) -> Outcome | None:
        return None


class TestCarryOut:
    @pytest.mark.parametrize("looks_first", [True, False])
    def test_makes_what_the_provider_has_not_done(self, looks_first: bool) -> None:
        made = carry_out(claimed(looks_first=looks_first, may_be_made=True))
        assert isinstance(made.result, Done)

    def test_leaves_what_is_not_wanted_any_more(self) -> None:
        assert carry_out(claimed(looks_first=True, may_be_made=False)).result == NotMade()

    @pytest.mark.parametrize(
        ("has_books", "looks_first", "result"),
        [(False, True, NotKnown()), (False, False, NotMade()), (True, True, NotMade())],
    )
    def test_gives_up_an_overtaken_refund_only_where_it_was_not_made(
        self,
        monkeypatch: pytest.MonkeyPatch,
        has_books: bool,
        looks_first: bool,
        result: NotKnown | NotMade,
    ) -> None:
        kind = SandboxGateway if has_books else BooklessGateway
        gateway = kind(latency_seconds=0, secret="", base_url="")
        monkeypatch.setattr(dispatch_operations, "gateway_named", lambda provider: gateway)
        call = claimed(
            looks_first=looks_first,
            may_be_made=False,
            is_overtaken=True,
            kind=OperationKind.REFUND,
        )
        assert carry_out(call).result == result

    def test_makes_nothing_that_would_outlive_its_lease(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow = SlowGateway(latency_seconds=0, secret="", base_url="")
        monkeypatch.setattr(dispatch_operations, "gateway_named", lambda provider: slow)
        monkeypatch.setattr(dispatch_operations, "LATEST_START_SECONDS", 0.01)
        assert carry_out(claimed(looks_first=True, may_be_made=True)).result == NotKnown()

    @pytest.mark.parametrize(
        ("kind", "result"),
        [
            (OperationKind.REFUND, Refused),
            (OperationKind.VOID, Refused),
            # The same key may have charged it before; only another look can tell.
            (OperationKind.CAPTURE, NotKnown),
            (OperationKind.AUTHORIZE, NotKnown),
        ],
    )
    def test_believes_a_refusal_to_give_back_what_the_books_do_not_show(
        self, monkeypatch: pytest.MonkeyPatch, kind: OperationKind, result: type[object]
    ) -> None:
        strict = StrictGateway(latency_seconds=0, secret="", base_url="")
        monkeypatch.setattr(dispatch_operations, "gateway_named", lambda provider: strict)
        call = claimed(looks_first=True, may_be_made=True, kind=kind)
        assert isinstance(carry_out(call).result, result)

    def test_ends_within_its_lease_with_any_adapter(self) -> None:
        assert LATEST_START_SECONDS + LONGEST_CALL_SECONDS < LEASE_SECONDS
        assert CALL_SECONDS < LONGEST_CALL_SECONDS
        assert paypal.CALL_SECONDS < LONGEST_CALL_SECONDS
