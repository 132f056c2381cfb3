"""What Adyen's answers mean for the call they were given to."""

import json
from typing import Any

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.adyen.checkout import RawAnswer
from apps.payments.adapters.adyen.declines import GENERAL
from apps.payments.adapters.adyen.failures import MethodRefused, insist_on_success
from apps.payments.adapters.adyen.objects import Action, Amount, PaymentAnswer
from apps.payments.adapters.adyen.outcomes import HeldInPart, payment_outcome
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayMisused,
    GatewayUnavailable,
    LockedOut,
    Outcome,
    OutcomeUnknown,
    Undecided,
)
from tests.contract.payments.conftest import make_call

CALL = make_call(amount=Money(1000, "EUR"))


def outcome(result: str, reference: str | None = "psp_1", **more: Any) -> Outcome:
    answer = PaymentAnswer(result_code=result, psp_reference=reference, **more)
    return payment_outcome(CALL, answer, 1000)


class TestAnAuthorisation:
    @pytest.mark.parametrize("held", [None, Amount(currency="EUR", value=1000)])
    def test_of_the_whole_amount_is_done(self, held: Amount | None) -> None:
        assert outcome("Authorised", amount=held) == Done(reference="psp_1", brand="", last4="")

    @pytest.mark.parametrize(
        ("result", "held"),
        [
            ("PartiallyAuthorised", Amount(currency="EUR", value=1000)),
            ("PartiallyAuthorised", None),
            ("Authorised", Amount(currency="EUR", value=999)),
            ("Authorised", Amount(currency="EUR", value=1001)),
            ("Authorised", Amount(currency="USD", value=1000)),
            ("Authorised", Amount()),
        ],
    )
    def test_of_anything_else_has_to_be_given_back(self, result: str, held: Amount | None) -> None:
        with pytest.raises(HeldInPart) as found:
            outcome(result, amount=held)
        assert found.value.reference == "psp_1"
        answer = found.value.answer
        assert (answer.reference, answer.provider_code) == ("psp_1", "PartiallyAuthorised")

    @pytest.mark.parametrize("result", ["Authorised", "PartiallyAuthorised"])
    @pytest.mark.parametrize("reference", [None, ""])
    def test_without_a_name_is_left_open(self, result: str, reference: str | None) -> None:
        with pytest.raises(Undecided, match="adyen_no_reference"):
            outcome(result, reference)

    @pytest.mark.parametrize("result", ["Pending", "Received"])
    def test_that_adyen_is_still_at_is_taken(self, result: str) -> None:
        assert outcome(result) == Accepted(reference="psp_1")
        assert outcome(result, None) == Accepted(reference=str(CALL.payment_id))

    @pytest.mark.parametrize("result", ["AuthenticationFinished", "Success", "", "authorised"])
    def test_of_a_result_that_nobody_knows_is_left_open(self, result: str) -> None:
        with pytest.raises(Undecided, match="adyen_result_unknown"):
            outcome(result)

    @pytest.mark.parametrize(
        ("result", "number", "reason", "code", "provider_code"),
        [
            ("Refused", "12", "Not enough balance", "insufficient_funds", "12 Not enough balance"),
            ("Refused", None, "Expired Card", "expired_card", "Expired Card"),
            ("Refused", None, None, "card_declined", "Refused"),
            ("Cancelled", None, None, None, "Cancelled"),
            ("Error", None, None, "processing_error", "Error"),
            # What Adyen itself gives for a reason counts before what the result says.
            ("Error", "6", "Expired Card", "expired_card", "6 Expired Card"),
        ],
    )
    def test_that_is_refused_says_why(
        self,
        result: str,
        number: str | None,
        reason: str | None,
        code: str | None,
        provider_code: str,
    ) -> None:
        found = outcome(result, refusal_reason_code=number, refusal_reason=reason)
        assert isinstance(found, Declined)
        assert (found.reference, found.provider_code) == ("psp_1", provider_code)
        if code is None:
            assert found.detail != GENERAL, "the customer called it off"
        else:
            assert found.code == code


class TestAQuestionToTheCustomer:
    @pytest.mark.parametrize("method", [None, "GET"])
    @pytest.mark.parametrize(
        "result", ["RedirectShopper", "IdentifyShopper", "ChallengeShopper", "PresentToShopper"]
    )
    def test_is_asked_on_a_page(self, result: str, method: str | None) -> None:
        action = Action(type="redirect", url="https://bank/", method=method)
        assert outcome(result, action=action) == ActionRequired(
            # Under our own name for it it can be cancelled before the customer was there.
            reference=str(CALL.payment_id),
            redirect_url="https://bank/",
        )

    @pytest.mark.parametrize(
        ("action", "wanted"),
        [
            (None, "nothing"),
            (Action(type="redirect", url="https://bank/", method="POST"), "redirect"),
            (Action(type="redirect", url=None), "redirect"),
            (Action(type="redirect", url=""), "redirect"),
            (Action(type="qrCode", url="https://bank/"), "qrCode"),
        ],
    )
    def test_that_no_page_can_ask_is_a_fault_of_ours(
        self, action: Action | None, wanted: str
    ) -> None:
        with pytest.raises(GatewayMisused, match=f"waits for {wanted}"):
            outcome("RedirectShopper", action=action)


def problem(code: str | None = None, reference: str | None = None) -> str:
    return json.dumps({"errorCode": code, "pspReference": reference, "message": "token_secret"})


class TestAnAnswerThatIsNoSuccess:
    @pytest.mark.parametrize("status", [200, 201, 299])
    def test_is_none_of_these(self, status: int) -> None:
        insist_on_success(RawAnswer(status=status, body="nonsense"))

    @pytest.mark.parametrize(
        ("status", "code", "is_transient", "kind", "text"),
        [
            (401, None, False, LockedOut, "adyen_key_refused"),
            (403, "010", False, LockedOut, "adyen_key_refused"),
            (429, None, False, GatewayUnavailable, "adyen_rate_limit"),
            (500, None, False, OutcomeUnknown, "adyen_http_500"),
            (503, "905", False, OutcomeUnknown, "adyen_http_503"),
            # Adyen wants the same request again: an earlier one may have done the work.
            (422, None, True, OutcomeUnknown, "adyen_http_422"),
            # The key is in flight, or was used for something else.
            (422, "704", False, OutcomeUnknown, "adyen_http_422"),
            (409, "704", False, OutcomeUnknown, "adyen_http_409"),
            (422, "800", False, MethodRefused, "unknown_token"),
            (422, "803", False, MethodRefused, "unknown_token"),
            (422, "137", False, GatewayMisused, "137, HTTP 422, request psp_1"),
            (400, None, False, GatewayMisused, "no code, HTTP 400, request psp_1"),
            (404, None, False, GatewayMisused, "no code, HTTP 404"),
            (302, None, False, GatewayMisused, "no code, HTTP 302"),
        ],
    )
    def test_was_carried_out_or_not_or_nobody_knows(
        self, status: int, code: str | None, is_transient: bool, kind: type[Exception], text: str
    ) -> None:
        answer = RawAnswer(status=status, body=problem(code, "psp_1"), is_transient=is_transient)
        with pytest.raises(Exception) as found:
            insist_on_success(answer)
        assert type(found.value) is kind
        assert text in str(found.value)
        assert "token_secret" not in str(found.value), "Adyen's sentence may quote what was sent"

    @pytest.mark.parametrize("body", ["", "{", "[]", "<html>", '{"errorCode": 7}'])
    def test_may_be_no_json_at_all(self, body: str) -> None:
        with pytest.raises(GatewayMisused, match="no code, HTTP 400, request unknown"):
            insist_on_success(RawAnswer(status=400, body=body))

    def test_about_a_stored_card_is_the_customers_to_hear(self) -> None:
        with pytest.raises(MethodRefused) as found:
            insist_on_success(RawAnswer(status=422, body=problem("800", "psp_1")))
        answer = found.value.answer
        assert (answer.reference, answer.provider_code) == ("psp_1", "800")
