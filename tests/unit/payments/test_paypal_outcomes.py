"""What the states of PayPal's objects mean for a call."""

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.paypal.objects import (
    Amount,
    Authorization,
    Capture,
    Link,
    Order,
    Payments,
    Refund,
    Unit,
)
from apps.payments.adapters.paypal.outcomes import (
    authorized,
    captured,
    charged,
    refunded,
    voided,
)
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    ActionRequired,
    Declined,
    Done,
    Outcome,
    OutcomeUnknown,
    Undecided,
)
from tests.contract.payments.conftest import make_call

CAPTURE = make_call(OperationKind.CAPTURE, amount=Money(1000, "EUR"))


def order(status: str, *held: str) -> Order:
    """Give an order with authorisations in these states."""
    authorizations = [Authorization(id=f"A-{one}", status=one) for one in held]
    return Order(id="O", status=status, purchase_units=[Unit(payments=Payments(authorizations))])


def capture_of(value: str, name: str = "A", *, currency: str = "EUR") -> Capture:
    """Give a capture of an amount."""
    amount = Amount(currency_code=currency, value=value)
    return Capture(id=name, status="COMPLETED", amount=amount)


def short(outcome: Outcome | None) -> str:
    """Give the code of a decline, or the kind of another outcome."""
    return outcome.code if isinstance(outcome, Declined) else type(outcome).__name__


class TestAnOrder:
    @pytest.mark.parametrize("status", ["CREATED", "SAVED", "PAYER_ACTION_REQUIRED"])
    def test_may_wait_for_its_payer(self, status: str) -> None:
        assert authorized(order(status)) == ActionRequired(reference="O", redirect_url="")

    @pytest.mark.parametrize("rel", ["payer-action", "approve"])
    def test_names_the_page_of_its_payer(self, rel: str) -> None:
        links = [Link(rel="self", href="https://x/self"), Link(rel=rel, href="https://x/pay")]

        answer = authorized(Order(id="O", status="CREATED", links=links))

        assert answer == ActionRequired(reference="O", redirect_url="https://x/pay")

    def test_that_is_approved_goes_on(self) -> None:
        assert authorized(order("APPROVED")) is None

    def test_that_is_voided_is_over(self) -> None:
        assert short(authorized(order("VOIDED"))) == "ORDER_COMPLETED_OR_VOIDED"

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("CREATED", "Done"),
            ("CAPTURED", "Done"),
            ("PARTIALLY_CAPTURED", "Done"),
            ("PENDING", "Accepted"),
            ("DENIED", "AUTHORIZATION_DENIED"),
            ("VOIDED", "AUTHORIZATION_VOIDED"),
        ],
    )
    def test_is_what_its_authorisation_is(self, status: str, expected: str) -> None:
        assert short(authorized(order("COMPLETED", status))) == expected

    def test_is_what_its_newest_authorisation_is(self) -> None:
        answer = authorized(order("COMPLETED", "DENIED", "CREATED"))

        assert answer == Done(reference="A-CREATED", brand="paypal")

    def test_that_is_complete_without_one_leaves_it_open(self) -> None:
        with pytest.raises(OutcomeUnknown, match="paypal_order_completed"):
            authorized(order("COMPLETED"))


class TestMoney:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("COMPLETED", "Done"),
            ("REFUNDED", "Done"),
            ("PARTIALLY_REFUNDED", "Done"),
            ("PENDING", "Accepted"),
            ("DECLINED", "CAPTURE_DECLINED"),
            ("FAILED", "CAPTURE_DECLINED"),
        ],
    )
    def test_that_is_captured(self, status: str, expected: str) -> None:
        assert short(captured(CAPTURE, Capture(id="X", status=status))) == expected

    def test_that_was_captured_in_parts_is_their_sum(self) -> None:
        parts = [capture_of("6.00", "A"), capture_of("3.00", "B")]
        assert charged(CAPTURE, parts) == Done(reference="A", charged=Money(900, "EUR"))
        rest = capture_of("1.00", "C")
        assert charged(CAPTURE, [*parts, rest]) == Done(reference="A")

    def test_that_was_captured_in_two_currencies_is_left_open(self) -> None:
        with pytest.raises(Undecided):
            charged(CAPTURE, [capture_of("6.00"), capture_of("4.00", "B", currency="USD")])

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("VOIDED", "Done"),
            ("DENIED", "Done"),
            ("CREATED", "NoneType"),
            ("PENDING", "NoneType"),
            ("CAPTURED", ALREADY_CAPTURED),
            ("PARTIALLY_CAPTURED", ALREADY_CAPTURED),
        ],
    )
    def test_that_is_released(self, status: str, expected: str) -> None:
        assert short(voided(Authorization(id="X", status=status))) == expected

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("COMPLETED", "Done"),
            ("PENDING", "Accepted"),
            ("FAILED", "REFUND_FAILED"),
            ("CANCELLED", "REFUND_CANCELLED"),
        ],
    )
    def test_that_is_given_back(self, status: str, expected: str) -> None:
        assert short(refunded(Refund(id="X", status=status))) == expected

    @pytest.mark.parametrize(
        ("value", "currency", "is_equal"),
        [
            ("10.0", "EUR", True),
            ("10", "EUR", True),
            ("10.01", "EUR", False),
            ("10.00", "USD", False),
            ("ten", "EUR", False),
        ],
    )
    def test_is_compared_by_value(self, value: str, currency: str, is_equal: bool) -> None:
        assert Amount(currency_code=currency, value=value).equals("10.00", "EUR") is is_equal


def test_an_amount_may_have_more_noughts_than_its_currency() -> None:
    call = make_call(OperationKind.CAPTURE, amount=Money(1000, "JPY"))
    assert captured(call, capture_of("1000.00", currency="JPY")) == Done(reference="A")
