"""What the simulated PayPal lets happen to an order and its money, state by state."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from infra.simulators.paypal.disputes import decided, opened
from infra.simulators.paypal.documents import (
    Amount,
    CaptureAuthorization,
    Reauthorize,
)
from infra.simulators.paypal.objects import Authorization, Capture, Order, Refund
from infra.simulators.paypal.orders import run_out, settle, void
from infra.simulators.paypal.payments import capture, reverse, settle_refund
from infra.simulators.paypal.payments import settle as settle_capture
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.paypal.renewals import aged, insist_on_first, insist_on_newest, renew

STATES = ("CREATED", "PENDING", "DENIED", "VOIDED", "PARTIALLY_CAPTURED", "CAPTURED")
ALL = CaptureAuthorization()


def order(status: str = "CREATED", *, wallet: str = "ok", **values: Any) -> Order:
    """Give an order of 10.00 EUR that is authorised, in a state."""
    now = int(time.time())
    held = Authorization(id="A", status=status, created=now, updated=now, expires=now + 1000)
    given: dict[str, Any] = {"authorization": held, **values}
    return Order(
        id="O",
        status="COMPLETED",
        created=now,
        updated=now,
        currency="EUR",
        minor=1000,
        wallet=wallet,
        **given,
    )


def taken(minor: int = 1000, status: str = "COMPLETED", name: str = "C") -> Capture:
    return Capture(id=name, status=status, minor=minor, created=1, updated=1)


def back(minor: int, status: str = "COMPLETED") -> Refund:
    return Refund(id="R", capture_id="C", status=status, minor=minor, created=1, updated=1)


def part(value: str, currency: str = "EUR", *, is_last: bool = False) -> CaptureAuthorization:
    amount = Amount(currency_code=currency, value=value)
    return CaptureAuthorization(amount=amount, final_capture=is_last)


def issue(action: Callable[[], object]) -> str:
    """Give the reason for which an action is refused; empty where it is not."""
    try:
        action()
    except Refusal as refused:
        return refused.issue
    return ""


class TestAnAuthorisation:
    @pytest.mark.parametrize(
        ("status", "captured", "voided", "renewed"),
        [
            ("CREATED", "", "", ""),
            ("PENDING", "", "", "TRANSACTION_REFUSED"),
            (
                "DENIED",
                "AUTHORIZATION_DENIED",
                "PREVIOUSLY_VOIDED",
                "TRANSACTION_REFUSED",
            ),
            (
                "VOIDED",
                "AUTHORIZATION_VOIDED",
                "PREVIOUSLY_VOIDED",
                "AUTHORIZATION_VOIDED",
            ),
            (
                "PARTIALLY_CAPTURED",
                "",
                "PREVIOUSLY_CAPTURED",
                "AUTHORIZATION_ALREADY_CAPTURED",
            ),
            (
                "CAPTURED",
                "AUTHORIZATION_ALREADY_CAPTURED",
                "PREVIOUSLY_CAPTURED",
                "AUTHORIZATION_ALREADY_CAPTURED",
            ),
        ],
    )
    def test_lets_be_done_with_it_what_its_state_allows(
        self, status: str, captured: str, voided: str, renewed: str
    ) -> None:
        old = aged(order(status), days=4).order
        assert [
            issue(lambda: capture(old, ALL)),
            issue(lambda: void(old)),
            issue(lambda: renew(old, Reauthorize())),
        ] == [captured, voided, renewed]

    @pytest.mark.parametrize("status", [one for one in STATES if one != "PENDING"])
    def test_is_decided_on_while_it_is_under_review_alone(self, status: str) -> None:
        assert issue(lambda: settle(order(status), "CREATED")) == "ORDER_COMPLETED_OR_VOIDED"

    @pytest.mark.parametrize("status", ["CREATED", "DENIED"])
    def test_under_review_becomes_what_is_decided(self, status: str) -> None:
        change = settle(order("PENDING"), status)
        assert change.order.authorization is not None
        assert change.order.authorization.status == status
        assert change.events == (f"PAYMENT.AUTHORIZATION.{status}",)

    def test_that_runs_out_is_voided(self) -> None:
        change = run_out(order())
        assert change.order.authorization is not None
        assert change.order.authorization.status == "VOIDED"
        assert change.order.authorization.expires <= time.time()


class TestARenewal:
    @pytest.mark.parametrize(
        ("days", "refused"),
        [(0, "REAUTHORIZATION_TOO_SOON"), (2, "REAUTHORIZATION_TOO_SOON"), (3, "")],
    )
    def test_comes_from_the_fourth_day_on(self, days: int, refused: str) -> None:
        assert issue(lambda: renew(aged(order(), days).order, Reauthorize())) == refused

    def test_comes_once(self) -> None:
        renewed = renew(aged(order(), 4).order, Reauthorize()).order
        assert issue(lambda: renew(aged(renewed, 4).order, Reauthorize())) == (
            "REAUTHORIZATION_NOT_SUPPORTED"
        )

    @pytest.mark.parametrize(
        ("value", "currency", "refused"),
        [
            ("10.00", "EUR", ""),
            ("9.99", "EUR", "TRANSACTION_REFUSED"),
            ("10.00", "USD", "AUTH_CURRENCY_MISMATCH"),
        ],
    )
    def test_is_of_the_same_amount(self, value: str, currency: str, refused: str) -> None:
        wanted = Reauthorize(amount=Amount(currency_code=currency, value=value))
        assert issue(lambda: renew(aged(order(), 4).order, wanted)) == refused

    def test_is_what_is_captured_and_what_it_renews_is_what_is_voided(self) -> None:
        renewed = renew(aged(order(), 4).order, Reauthorize()).order
        assert renewed.authorization is not None
        new = renewed.authorization.id
        assert issue(lambda: insist_on_newest(renewed, new)) == ""
        assert issue(lambda: insist_on_newest(renewed, "A")) == "AUTHORIZATION_VOIDED"
        assert issue(lambda: insist_on_first(renewed, new)) == "CANNOT_BE_VOIDED"
        assert issue(lambda: insist_on_first(renewed, "A")) == ""
        gone = void(renewed).order
        assert gone.authorization is not None
        assert {gone.authorization.status, *(one.status for one in gone.earlier)} == {"VOIDED"}


class TestACapture:
    @pytest.mark.parametrize(
        ("wanted", "minor", "status"),
        [
            (ALL, 1000, "CAPTURED"),
            (part("10.00"), 1000, "CAPTURED"),
            (part("4.00"), 400, "PARTIALLY_CAPTURED"),
            (part("4.00", is_last=True), 400, "CAPTURED"),
        ],
    )
    def test_takes_all_or_a_part(
        self, wanted: CaptureAuthorization, minor: int, status: str
    ) -> None:
        change = capture(order(), wanted)
        assert change.order.captured == minor
        assert change.order.authorization is not None
        assert change.order.authorization.status == status
        assert change.events == ("PAYMENT.CAPTURE.COMPLETED",)

    @pytest.mark.parametrize(
        ("wanted", "refused"),
        [
            (part("6.01"), "MAX_CAPTURE_AMOUNT_EXCEEDED"),
            (part("6.00"), ""),
            (part("6.00", "USD"), "AUTH_CAPTURE_CURRENCY_MISMATCH"),
            (part("0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ],
    )
    def test_takes_no_more_than_is_left(self, wanted: CaptureAuthorization, refused: str) -> None:
        begun = order("PARTIALLY_CAPTURED", captures=(taken(400),))
        assert issue(lambda: capture(begun, wanted)) == refused

    def test_under_an_invoice_is_taken_once(self) -> None:
        wanted = replace(part("1.00"), invoice_id="I")
        once = capture(order(), wanted).order
        assert issue(lambda: capture(once, wanted)) == "DUPLICATE_INVOICE_ID"

    @pytest.mark.parametrize(
        ("wallet", "refused", "captured", "status"),
        [
            ("capture-refused", "PAYER_CANNOT_PAY", 0, "CREATED"),
            ("capture-declined", "", 0, "CREATED"),
            ("capture-pending", "", 1000, "CAPTURED"),
        ],
    )
    def test_goes_as_the_wallet_lets_it(
        self, wallet: str, refused: str, captured: int, status: str
    ) -> None:
        held = order(wallet=wallet)
        assert issue(lambda: capture(held, ALL)) == refused
        after = held if refused else capture(held, ALL).order
        assert after.captured == captured
        assert after.authorization is not None
        assert after.authorization.status == status

    def test_that_is_declined_in_the_end_leaves_the_money_held(self) -> None:
        begun = capture(order(wallet="capture-pending"), ALL).order
        declined = settle_capture(begun, begun.captures[0].id, "DECLINED").order
        assert declined.captured == 0
        assert declined.authorization is not None
        assert declined.authorization.status == "CREATED"

    @pytest.mark.parametrize("status", ["COMPLETED", "DECLINED", "REFUNDED"])
    def test_is_decided_on_while_it_is_pending_alone(self, status: str) -> None:
        held = order("CAPTURED", captures=(taken(status=status),))
        assert issue(lambda: settle_capture(held, "C", "COMPLETED")) == "INVALID_RESOURCE_ID"


class TestMoneyThatGoesBack:
    @pytest.mark.parametrize(
        ("minor", "before", "after", "status"),
        [
            (400, "PENDING", "COMPLETED", "PARTIALLY_REFUNDED"),
            (1000, "PENDING", "COMPLETED", "REFUNDED"),
            (1000, "COMPLETED", "FAILED", "COMPLETED"),
            (400, "PENDING", "FAILED", "COMPLETED"),
        ],
    )
    def test_is_counted_at_its_capture(
        self, minor: int, before: str, after: str, status: str
    ) -> None:
        held = order("CAPTURED", captures=(taken(),), refunds=(back(minor, before),))
        change = settle_refund(held, "R", after)
        (captured,) = change.order.captures
        assert captured.status == status
        (refund,) = change.order.refunds
        assert bool(refund.undone) is ((before, after) == ("COMPLETED", "FAILED"))

    @pytest.mark.parametrize(
        ("status", "refused"),
        [
            ("COMPLETED", ""),
            ("PARTIALLY_REFUNDED", ""),
            ("REFUNDED", ""),
            ("PENDING", "INVALID_RESOURCE_ID"),
            ("DECLINED", "INVALID_RESOURCE_ID"),
        ],
    )
    def test_is_taken_back_by_a_bank_once_it_was_taken(self, status: str, refused: str) -> None:
        held = order("CAPTURED", captures=(taken(status=status),))
        assert issue(lambda: reverse(held, "C")) == refused

    @pytest.mark.parametrize(("outcome", "is_gone"), [("won", False), ("lost", True)])
    def test_to_a_bank_comes_back_by_a_dispute_that_is_won(
        self, outcome: str, is_gone: bool
    ) -> None:
        held = reverse(order("CAPTURED", captures=(taken(),)), "C").order
        dispute, held = opened(held, "C", reason="UNAUTHORISED")
        assert dispute.is_of_reversal
        assert held.is_reversed(held.captures[0])
        _, held = decided(held, dispute.id, status=outcome)
        assert held.is_reversed(held.captures[0]) is is_gone

    def test_is_disputed_once_and_decided_once(self) -> None:
        dispute, held = opened(order("CAPTURED", captures=(taken(),)), "C", reason="UNAUTHORISED")
        assert issue(lambda: opened(held, "C", reason="UNAUTHORISED")) == "INVALID_RESOURCE_ID"
        assert issue(lambda: decided(held, dispute.id, status="maybe")) == "INVALID_RESOURCE_ID"
        _, over = decided(held, dispute.id, status="won")
        assert issue(lambda: decided(over, dispute.id, status="lost")) == "INVALID_RESOURCE_ID"
