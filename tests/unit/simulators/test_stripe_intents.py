"""What the simulated Stripe lets happen to an intent: state by state, as Stripe describes it."""

from collections.abc import Callable

import pytest

from infra.simulators.stripe.forms import Form
from infra.simulators.stripe.intents import (
    Change,
    authorize,
    cancel,
    capture,
    confirm,
    create,
    dropped,
    refuse_approval,
)
from infra.simulators.stripe.objects import Charge, Intent
from infra.simulators.stripe.refusals import Refusal

STATES = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "processing",
    "succeeded",
    "canceled",
)
CREATE: Form = {
    "amount": "1000",
    "currency": "EUR",
    "capture_method": "manual",
    "payment_method": "pm_card_visa",
    "confirm": "true",
}


def intent(status: str, *, amount: int = 1000, method: str | None = "pm_card_visa") -> Intent:
    charge = Charge(id="ch_1", created=1, payment_method="pm_card_visa")
    return Intent(
        id="pi_1",
        created=1,
        amount=amount,
        currency="eur",
        capture_method="manual",
        status=status,
        payment_method=method,
        charge=charge if status in ("requires_capture", "succeeded") else None,
    )


def refusal(action: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        action()
    return refused.value


class TestWhatMayBeDone:
    @pytest.mark.parametrize(
        ("action", "allowed"),
        [
            (confirm, {"requires_payment_method", "requires_confirmation"}),
            (capture, {"requires_capture"}),
            (
                cancel,
                {
                    "requires_payment_method",
                    "requires_confirmation",
                    "requires_action",
                    "requires_capture",
                },
            ),
        ],
        ids=["confirm", "capture", "cancel"],
    )
    @pytest.mark.parametrize("status", STATES)
    def test_hangs_on_the_state(
        self, action: Callable[[Intent, Form], Change], allowed: set[str], status: str
    ) -> None:
        if status in allowed:
            assert action(intent(status), {})[0].status != status
            return
        refused = refusal(lambda: action(intent(status), {}))
        assert (refused.status, refused.code) == (400, "payment_intent_unexpected_state")
        assert refused.is_kept, "the request was understood and begun"


class TestCreating:
    @pytest.mark.parametrize(
        ("changes", "status", "events"),
        [
            (
                {},
                "requires_capture",
                ["created", "charge.succeeded", "amount_capturable_updated"],
            ),
            ({"capture_method": "automatic"}, "succeeded", ["created", "charge.succeeded", "ok"]),
            ({"confirm": "false"}, "requires_confirmation", ["created"]),
            (
                {"payment_method": "pm_card_authenticationRequired"},
                "requires_action",
                ["created", "requires_action"],
            ),
            (
                {"payment_method": "pm_card_chargeDeclined"},
                "requires_payment_method",
                ["created", "charge.failed", "payment_failed"],
            ),
        ],
    )
    def test_goes_as_far_as_card_and_form_let_it(
        self, changes: Form, status: str, events: list[str]
    ) -> None:
        made, told = create({**CREATE, **changes})
        assert made.status == status
        names = {"ok": "payment_intent.succeeded"}
        assert [*told] == [
            names.get(one, one if "." in one else f"payment_intent.{one}") for one in events
        ]

    @pytest.mark.parametrize(
        ("changes", "param"),
        [
            ({"currency": ""}, "currency"),
            ({"currency": "EURO"}, "currency"),
            ({"currency": "E1R"}, "currency"),
            ({"capture_method": "later"}, "capture_method"),
            ({"amount": "0"}, "amount"),
            ({"amount": "49"}, "amount"),
            ({"amount": "ten"}, "amount"),
            ({"amount": "100000000"}, "amount"),
            ({"payment_method": "pm_nobody"}, "payment_method"),
            ({"automatic_payment_methods": "yes"}, "automatic_payment_methods"),
            ({"automatic_payment_methods": {"enabled": "true"}}, "return_url"),
            ({"confirm": "false", "return_url": "https://shop/"}, "return_url"),
        ],
    )
    def test_is_refused_where_the_form_is_wrong(self, changes: Form, param: str) -> None:
        refused = refusal(lambda: create({**CREATE, **changes}))
        assert (refused.status, refused.param) == (400, param)
        assert not refused.is_kept, "what fails validation leaves nothing behind"

    def test_takes_the_smallest_amount_of_a_currency(self) -> None:
        assert create({**CREATE, "amount": "50"})[0].amount == 50


class TestPaying:
    def test_needs_a_way_to_pay(self) -> None:
        refused = refusal(lambda: confirm(intent("requires_payment_method", method=None), {}))
        assert refused.code == "payment_intent_unexpected_state"

    def test_that_was_declined_may_be_tried_with_another_card(self) -> None:
        declined, _ = create({**CREATE, "payment_method": "pm_card_chargeDeclined"})
        assert (declined.failure is not None, declined.payment_method) == (True, None)
        paid, _ = confirm(declined, {"payment_method": "pm_card_visa"})
        assert (paid.status, paid.failure) == ("requires_capture", None)

    @pytest.mark.parametrize(
        ("method", "status"),
        [
            ("pm_card_authenticationRequired", "requires_capture"),
            (
                "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
                "requires_payment_method",
            ),
        ],
    )
    def test_that_its_holder_approved_is_the_banks_to_decide(
        self, method: str, status: str
    ) -> None:
        assert authorize(intent("requires_action", method=method))[0].status == status

    def test_that_its_holder_refused_was_never_charged(self) -> None:
        refused, told = refuse_approval(intent("requires_action"))
        assert refused.status == "requires_payment_method"
        assert refused.failure is not None
        assert refused.failure.code == "payment_intent_authentication_failure"
        assert told == ("payment_intent.payment_failed",)


class TestCapturing:
    @pytest.mark.parametrize(("form", "taken"), [({}, 1000), ({"amount_to_capture": "1"}, 1)])
    def test_takes_all_or_a_part(self, form: Form, taken: int) -> None:
        captured, told = capture(intent("requires_capture"), form)
        assert (captured.status, captured.amount_received) == ("succeeded", taken)
        assert captured.charge is not None
        assert (captured.charge.captured, captured.charge.amount_captured) == (True, taken)
        assert captured.amount_capturable == 0
        assert told == ("charge.captured", "payment_intent.succeeded")

    @pytest.mark.parametrize("amount", ["0", "-1", "1001"])
    def test_takes_no_more_than_is_held_and_no_less_than_something(self, amount: str) -> None:
        refused = refusal(
            lambda: capture(intent("requires_capture"), {"amount_to_capture": amount})
        )
        assert refused.param == "amount_to_capture"


class TestCancelling:
    def test_releases_what_was_held(self) -> None:
        gone, told = cancel(intent("requires_capture"), {"cancellation_reason": "duplicate"})
        assert (gone.cancellation_reason, told) == ("duplicate", ("payment_intent.canceled",))
        assert gone.charge is not None
        assert gone.charge.amount_refunded == 1000
        assert gone.amount_refunded == 0, "nothing of it was captured"

    def test_has_nothing_to_release_before_it_was_paid(self) -> None:
        assert cancel(intent("requires_action"), {})[0].charge is None

    def test_is_refused_for_a_reason_that_stripe_does_not_know(self) -> None:
        refused = refusal(
            lambda: cancel(intent("requires_capture"), {"cancellation_reason": "expired"})
        )
        assert refused.param == "cancellation_reason"

    def test_by_stripe_itself_has_a_reason_of_its_own(self) -> None:
        assert dropped(intent("requires_capture"), "expired")[0].cancellation_reason == "expired"
