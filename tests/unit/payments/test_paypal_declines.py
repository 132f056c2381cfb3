"""What customers hear of PayPal's refusals."""

import msgspec
import pytest

from apps.payments.adapters.paypal.declines import GENERAL, SENTENCES, sentence_for
from apps.payments.adapters.paypal.failures import (
    NotPossible,
    failure_of_change,
    failure_of_reading,
)
from apps.payments.adapters.paypal.transport import Answer
from apps.payments.domain.declines import public_code
from apps.payments.ports import GatewayUnavailable, LockedOut, OutcomeUnknown


def answer(status: int, *issues: str, **more: object) -> Answer:
    """Give an error as PayPal writes it."""
    details = [{"issue": issue, "description": "secret detail"} for issue in issues]
    document = {"name": "X", "debug_id": "d1", "details": details, "message": "secret", **more}
    return Answer(status=status, body=msgspec.json.encode(document))


class TestASentence:
    def test_is_plain_and_says_what_to_do(self) -> None:
        for sentence in SENTENCES.values():
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "_" not in sentence

    def test_of_an_unknown_reason_is_a_general_one(self) -> None:
        assert sentence_for("SOMETHING_NEW") == GENERAL

    @pytest.mark.parametrize("code", ["COMPLIANCE_VIOLATION", "PAYER_ACCOUNT_RESTRICTED"])
    def test_of_a_suspicion_keeps_the_reason_to_us(self, code: str) -> None:
        assert public_code(code) == "declined"


class TestARefusedChange:
    def test_names_the_reason_that_is_the_customer_s(self) -> None:
        failure = failure_of_change(answer(422, "SOMETHING_ELSE", "PAYER_CANNOT_PAY"))

        assert isinstance(failure, NotPossible)
        assert (failure.issue, failure.is_decline) == ("PAYER_CANNOT_PAY", True)

    def test_quotes_no_sentence_of_paypal_s(self) -> None:
        failure = failure_of_change(answer(400, "INVALID_PARAMETER_SYNTAX"))

        assert str(failure) == "INVALID_PARAMETER_SYNTAX (HTTP 400), request d1"

    def test_tells_where_the_payer_can_choose_again(self) -> None:
        links = [{"rel": "redirect", "href": "https://www.paypal.com/x", "method": "GET"}]

        failure = failure_of_change(answer(422, "INSTRUMENT_DECLINED", links=links))

        assert isinstance(failure, NotPossible)
        assert failure.redirect_url == "https://www.paypal.com/x"

    @pytest.mark.parametrize(
        ("status", "kind", "text"),
        [
            (401, LockedOut, "paypal_key_refused"),
            (403, LockedOut, "paypal_key_refused"),
            (409, OutcomeUnknown, "paypal_http_409"),
            (429, GatewayUnavailable, "paypal_rate_limit"),
            (500, OutcomeUnknown, "paypal_http_500"),
            (302, OutcomeUnknown, "paypal_http_302"),
        ],
    )
    def test_is_sorted_by_status(self, status: int, kind: type, text: str) -> None:
        failure = failure_of_change(answer(status, "X"))

        assert type(failure) is kind
        assert str(failure) == text

    def test_without_a_readable_body_is_sorted_all_the_same(self) -> None:
        failure = failure_of_change(Answer(status=422, body=b"<html>"))

        assert isinstance(failure, NotPossible)
        assert (failure.issue, str(failure)) == ("", "refused (HTTP 422), request unknown")


class TestARefusedReading:
    @pytest.mark.parametrize(("status", "kind"), [(404, NotPossible), (503, GatewayUnavailable)])
    def test_is_sorted_by_status(self, status: int, kind: type) -> None:
        assert type(failure_of_reading(answer(status, "X"))) is kind
