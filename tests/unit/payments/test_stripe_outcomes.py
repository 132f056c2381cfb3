"""What the states of Stripe's objects mean for a call."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.stripe.declines import GENERAL, NOT_SENT_BACK, SENTENCES, sentence_for
from apps.payments.adapters.stripe.objects import (
    Card,
    Charge,
    Intent,
    MethodDetails,
    NextAction,
    PaymentError,
    Redirect,
    Refund,
)
from apps.payments.adapters.stripe.outcomes import (
    declined,
    intent_outcome,
    refund_declined,
    refund_outcome,
)
from apps.payments.domain.declines import DECLINED, public_code
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayMisused,
    Outcome,
    Undecided,
)
from tests.contract.payments.conftest import make_call

AUTHORIZE, CAPTURE, VOID = OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.VOID
UNTIL = datetime(2026, 11, 29, 12, tzinfo=UTC)
CARD = Charge(
    id="ch_1",
    payment_method_details=MethodDetails(
        type="card",
        card=Card(brand="visa", last4="4242", capture_before=int(UNTIL.timestamp())),
    ),
)


def intent(status: str, **more: Any) -> Intent:
    return Intent(id="pi_1", status=status, created=1, **more)


def outcome(kind: OperationKind, found: Intent, *, currency: str = "EUR") -> Outcome | None:
    """Read what became of a call of 10.00 EUR, or 1,000 of another currency's minor units."""
    return intent_outcome(make_call(kind, amount=Money(1000, currency)), found, 1000)


def short(found: Outcome | None) -> str:
    """Give the code of a decline, or the kind of another outcome."""
    return found.code if isinstance(found, Declined) else type(found).__name__


class TestAnIntent:
    @pytest.mark.parametrize(
        ("status", "authorized", "captured", "voided"),
        [
            # One that was never tried holds no money; the call can be made again.
            ("requires_payment_method", "NoneType", "NoneType", "NoneType"),
            ("requires_confirmation", "NoneType", "NoneType", "NoneType"),
            ("requires_capture", "Done", "NoneType", "NoneType"),
            ("succeeded", "Done", "Done", "already_captured"),
            ("canceled", "canceled", "canceled", "Done"),
        ],
    )
    def test_tells_how_each_kind_of_call_ended(
        self, status: str, authorized: str, captured: str, voided: str
    ) -> None:
        found = intent(status, amount_received=1000)
        assert [short(outcome(kind, found)) for kind in (AUTHORIZE, CAPTURE, VOID)] == [
            authorized,
            captured,
            voided,
        ]

    @pytest.mark.parametrize("kind", [AUTHORIZE, CAPTURE, VOID])
    def test_that_stripe_is_still_at_says_nothing_yet(self, kind: OperationKind) -> None:
        with pytest.raises(Undecided, match="stripe_processing"):
            outcome(kind, intent("processing"))

    @pytest.mark.parametrize("kind", [OperationKind.REFUND, OperationKind.RENEW])
    def test_is_never_asked_about_refunds_and_renewals(self, kind: OperationKind) -> None:
        with pytest.raises(ValueError, match=r"refund|renews"):
            outcome(kind, intent("succeeded"))

    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("automatic", "authorization_expired"),
            ("expired", "authorization_expired"),
            ("abandoned", "canceled"),
            ("requested_by_customer", "canceled"),
            (None, "canceled"),
        ],
    )
    def test_that_is_canceled_says_whether_its_time_was_over(
        self, reason: str | None, code: str
    ) -> None:
        found = intent("canceled", cancellation_reason=reason)
        assert short(outcome(CAPTURE, found)) == code
        done = outcome(VOID, found)
        assert isinstance(done, Done)
        assert done.has_expired is (code == "authorization_expired")


class TestAnAuthorisation:
    def test_names_the_card_and_how_long_it_is_held(self) -> None:
        assert outcome(AUTHORIZE, intent("requires_capture", latest_charge=CARD)) == Done(
            reference="pi_1", brand="visa", last4="4242", held_until=UNTIL
        )

    @pytest.mark.parametrize(
        ("charge", "brand"),
        [
            (None, ""),
            ("ch_1", ""),
            (Charge(id="ch_1"), ""),
            (Charge(id="ch_1", payment_method_details=MethodDetails(type="link")), "link"),
            (Charge(id="ch_1", payment_method_details=MethodDetails(card=Card())), ""),
        ],
    )
    def test_says_no_more_of_the_card_than_stripe(
        self, charge: Charge | str | None, brand: str
    ) -> None:
        assert outcome(AUTHORIZE, intent("succeeded", latest_charge=charge)) == Done(
            reference="pi_1", brand=brand, last4="", held_until=None
        )

    def test_that_needs_the_customer_names_the_page(self) -> None:
        action = NextAction(type="redirect_to_url", redirect_to_url=Redirect(url="https://bank/"))
        assert outcome(AUTHORIZE, intent("requires_action", next_action=action)) == ActionRequired(
            reference="pi_1", redirect_url="https://bank/"
        )

    @pytest.mark.parametrize(
        ("action", "said"),
        [
            (None, "waits for nothing"),
            (NextAction(type="use_stripe_sdk"), "waits for use_stripe_sdk"),
            (NextAction(type="redirect_to_url", redirect_to_url=Redirect()), "redirect_to_url"),
        ],
    )
    def test_that_needs_what_no_page_is_there_for_is_a_fault_of_ours(
        self, action: NextAction | None, said: str
    ) -> None:
        with pytest.raises(GatewayMisused, match=said):
            outcome(AUTHORIZE, intent("requires_action", next_action=action))

    @pytest.mark.parametrize(
        ("error", "code", "provider_code"),
        [
            (("card_declined", "insufficient_funds"), "insufficient_funds", None),
            (("expired_card", None), "expired_card", "expired_card"),
            ((None, None), "card_declined", ""),
        ],
    )
    def test_that_was_declined_says_why(
        self, error: tuple[str | None, str | None], code: str, provider_code: str | None
    ) -> None:
        failed = PaymentError(code=error[0], decline_code=error[1])
        found = outcome(AUTHORIZE, intent("requires_payment_method", last_payment_error=failed))
        assert isinstance(found, Declined)
        assert (found.code, found.reference) == (code, "pi_1")
        if provider_code is None:
            provider_code = "insufficient_funds card_declined"
        assert found.provider_code == provider_code


class TestACharge:
    @pytest.mark.parametrize(
        ("currency", "received", "charged"),
        [
            ("EUR", 1000, None),
            ("EUR", 600, Money(600, "EUR")),
            ("EUR", 0, Money(0, "EUR")),
            ("EUR", 1200, Money(1200, "EUR")),
            ("JPY", 600, Money(600, "JPY")),
            ("KWD", 600, Money(600, "KWD")),
        ],
    )
    def test_of_another_amount_than_ours_is_told_as_it_is(
        self, currency: str, received: int, charged: Money | None
    ) -> None:
        found = intent("succeeded", amount_received=received, latest_charge="ch_1")
        assert outcome(CAPTURE, found, currency=currency) == Done(reference="ch_1", charged=charged)

    @pytest.mark.parametrize(
        ("charge", "name"), [(CARD, "ch_1"), ("ch_2", "ch_2"), ("", "pi_1"), (None, "pi_1")]
    )
    def test_has_its_own_name_or_else_the_intents(
        self, charge: Charge | str | None, name: str
    ) -> None:
        done = outcome(CAPTURE, intent("succeeded", amount_received=1000, latest_charge=charge))
        assert isinstance(done, Done)
        assert done.reference == name


class TestARefund:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("succeeded", Done),
            ("pending", Accepted),
            ("requires_action", Accepted),
            (None, Accepted),
            ("new_to_us", Accepted),
        ],
    )
    def test_is_made_once_stripe_says_so(
        self, status: str | None, kind: type[Done | Accepted]
    ) -> None:
        assert refund_outcome(Refund(id="re_1", amount=1, status=status)) == kind(reference="re_1")

    @pytest.mark.parametrize(
        ("status", "reason", "code"),
        [
            ("failed", "lost_or_stolen_card", "lost_or_stolen_card"),
            ("failed", None, "refund_failed"),
            ("canceled", None, "refund_canceled"),
        ],
    )
    def test_that_failed_says_why(self, status: str, reason: str | None, code: str) -> None:
        found = refund_outcome(Refund(id="re_1", amount=1, status=status, failure_reason=reason))
        assert found == Declined(
            code=code, detail=NOT_SENT_BACK, reference="re_1", provider_code=reason or status
        )

    def test_that_was_not_taken_on_is_told_as_such(self) -> None:
        found = refund_declined("charge_disputed")
        assert (found.detail, found.provider_code) == (NOT_SENT_BACK, "charge_disputed")

    @pytest.mark.parametrize(
        ("metadata", "name"), [(None, ""), ({}, ""), ({"operation_id": "op"}, "op")]
    )
    def test_names_the_call_it_was_made_for(
        self, metadata: dict[str, str] | None, name: str
    ) -> None:
        assert Refund(id="re_1", amount=1, metadata=metadata).operation_id == name


class TestADecline:
    def test_goes_by_the_banks_word_before_the_networks(self) -> None:
        said = declined(code="card_declined", decline_code="insufficient_funds")
        assert (said.code, said.detail) == (
            "insufficient_funds",
            "Your card has insufficient funds.",
        )

    def test_takes_the_sentence_of_the_word_that_has_one(self) -> None:
        assert sentence_for(["do_not_honor", "expired_card"]) == SENTENCES["expired_card"]

    @pytest.mark.parametrize(
        "code",
        ["lost_card", "stolen_card", "pickup_card", "fraudulent", "merchant_blacklist"],
    )
    def test_that_its_holder_must_not_learn_stays_in_the_house(self, code: str) -> None:
        said = declined(code="card_declined", decline_code=code)
        assert said.detail == GENERAL
        assert public_code(said.code) == DECLINED


class TestAnIntentThatAnErrorLeftBehind:
    @pytest.mark.parametrize(
        ("status", "error", "was_tried"),
        [
            ("requires_payment_method", None, False),
            ("requires_confirmation", None, False),
            ("requires_payment_method", PaymentError(), True),
            ("requires_action", None, True),
            ("requires_capture", None, True),
            ("canceled", None, True),
        ],
    )
    def test_says_nothing_unless_it_was_tried(
        self, status: str, error: PaymentError | None, was_tried: bool
    ) -> None:
        assert intent(status, last_payment_error=error).was_tried is was_tried
