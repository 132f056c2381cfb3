"""What a failed request to Stripe means for the call it was made for."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import stripe

from apps.payments.adapters.stripe.failures import (
    CardDeclined,
    InternalError,
    KeyUsed,
    NotPossible,
    reading,
    reading_midway,
    writing,
)
from apps.payments.adapters.stripe.transport import AnswerMissing, NeverSent
from apps.payments.ports import GatewayMisused, GatewayUnavailable, LockedOut, OutcomeUnknown

Reading = Callable[[], AbstractContextManager[None]]


def raised(during: Reading, error: Exception) -> Exception:
    """Give what becomes of an error."""
    with pytest.raises(Exception) as found, during():
        raise error
    return found.value


# Stripe's constructors say nothing of the types that they take.
invalid_request: Any = stripe.InvalidRequestError
declined_card: Any = stripe.CardError


def body(**said: object) -> str:
    return json.dumps({"error": said})


def request_error(code: str | None, param: str = "", **more: object) -> stripe.StripeError:
    error: stripe.StripeError = invalid_request(
        "Stripe's own words",
        param,
        code=code,
        http_status=400,
        http_body=body(code=code, param=param, **more),
    )
    return error


def card_error(**said: object) -> stripe.CardError:
    return declining(body(**said))


def declining(text: str) -> stripe.CardError:
    error: stripe.CardError = declined_card("Stripe's own words", None, None, http_body=text)
    return error


class TestAChange:
    @pytest.mark.parametrize(
        ("error", "kind", "text"),
        [
            (NeverSent(), GatewayUnavailable, "stripe_unreachable"),
            (stripe.RateLimitError(), GatewayUnavailable, "stripe_rate_limit"),
            (stripe.AuthenticationError(), LockedOut, "stripe_key_refused"),
            (stripe.PermissionError(), LockedOut, "stripe_key_refused"),
            (AnswerMissing(), OutcomeUnknown, "stripe_no_answer"),
            # The same key is in flight: an earlier attempt may be succeeding right now.
            (stripe.APIError(http_status=409), OutcomeUnknown, "stripe_http_409"),
            (stripe.APIError(http_status=302), OutcomeUnknown, "stripe_http_302"),
            (stripe.APIError(), OutcomeUnknown, "stripe_http_None"),
            (stripe.APIError(http_status=500), InternalError, "stripe_internal_error"),
            (stripe.APIError(http_status=503), InternalError, "stripe_internal_error"),
            (stripe.IdempotencyError(), KeyUsed, "IdempotencyError"),
        ],
    )
    def test_that_failed_was_made_or_not_or_nobody_knows(
        self, error: Exception, kind: type[Exception], text: str
    ) -> None:
        found = raised(writing, error)
        assert type(found) is kind
        assert text in str(found)

    def test_that_went_well_is_left_alone(self) -> None:
        with writing():
            pass

    @pytest.mark.parametrize(
        ("headers", "is_repeated"),
        [
            ({}, False),
            (None, False),
            ({"Idempotent-Replayed": "true"}, True),
            ({"idempotent-replayed": "True"}, True),
            ({"Idempotent-Replayed": "false"}, False),
        ],
    )
    def test_that_broke_down_says_whether_that_is_a_stored_answer(
        self, headers: dict[str, str] | None, is_repeated: bool
    ) -> None:
        found = raised(writing, stripe.APIError(http_status=500, headers=headers))
        assert isinstance(found, InternalError)
        assert found.is_repeated is is_repeated


class TestACardThatIsDeclined:
    def test_is_told_by_code_and_intent(self) -> None:
        error = card_error(
            code="card_declined", decline_code="insufficient_funds", payment_intent={"id": "pi_1"}
        )
        found = raised(writing, error)
        assert isinstance(found, CardDeclined)
        assert (found.answer.code, found.answer.reference) == ("insufficient_funds", "pi_1")

    @pytest.mark.parametrize("said", ["{", "[]", "", '{"error": 7}', '{"error": {"code": 7}}'])
    def test_is_a_decline_whatever_stripe_says(self, said: str) -> None:
        found = raised(writing, declining(said))
        assert isinstance(found, CardDeclined)
        assert (found.answer.code, found.answer.reference) == ("card_declined", "")


class TestARequestThatIsRefused:
    @pytest.mark.parametrize(
        ("code", "param", "decline"),
        [
            # What the customer chose, or the time that has passed, or what their bank did.
            ("resource_missing", "payment_method", "resource_missing"),
            (None, "payment_method", "payment_method_unusable"),
            ("amount_too_small", "amount", "amount_too_small"),
            ("amount_too_large", "amount", "amount_too_large"),
            ("charge_expired_for_capture", "", "charge_expired_for_capture"),
            ("charge_disputed", "", "charge_disputed"),
            ("charge_not_refundable", "", "charge_not_refundable"),
            ("refund_disputed_payment", "", "refund_disputed_payment"),
            # What does not fit is our request.
            ("amount_too_large", "amount_to_capture", None),
            ("parameter_invalid_integer", "amount", None),
            ("resource_missing", "intent", None),
            ("payment_intent_unexpected_state", "", None),
            ("charge_already_refunded", "", None),
            (None, "amount", None),
            (None, "", None),
        ],
    )
    def test_is_the_customers_to_hear_where_they_are_the_reason(
        self, code: str | None, param: str, decline: str | None
    ) -> None:
        found = raised(writing, request_error(code, param))
        assert isinstance(found, NotPossible)
        assert found.code == (code or "")
        assert (found.decline.code if found.decline else None) == decline

    def test_is_named_without_what_was_sent(self) -> None:
        error = invalid_request(
            "No such PaymentMethod: 'pm_secret'",
            "payment_method",
            code="resource_missing",
            http_body=body(code="resource_missing", param="payment_method"),
            headers={"request-id": "req_7"},
        )
        assert str(raised(writing, error)) == "resource_missing (payment_method), request req_7"

    def test_is_named_by_its_kind_where_stripe_gives_no_code(self) -> None:
        error = invalid_request("pm_secret", None)
        assert str(raised(writing, error)) == "InvalidRequestError, request unknown"


class TestReading:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (stripe.AuthenticationError(), LockedOut),
            (stripe.PermissionError(), LockedOut),
            (request_error("resource_missing", "intent"), GatewayMisused),
            (stripe.APIError(http_status=500), GatewayUnavailable),
            (stripe.RateLimitError(), GatewayUnavailable),
            (NeverSent(), GatewayUnavailable),
            (AnswerMissing(), GatewayUnavailable),
        ],
    )
    def test_that_failed_leaves_everything_as_it_was(
        self, error: Exception, kind: type[Exception]
    ) -> None:
        assert type(raised(reading, error)) is kind

    @pytest.mark.parametrize("error", [GatewayUnavailable("away"), LockedOut("key")])
    def test_in_the_middle_of_a_call_leaves_that_open(self, error: Exception) -> None:
        assert type(raised(reading_midway, error)) is OutcomeUnknown

    def test_in_the_middle_of_a_call_passes_on_a_fault_of_ours(self) -> None:
        assert type(raised(reading_midway, GatewayMisused("no such payment"))) is GatewayMisused
