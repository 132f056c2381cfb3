"""What becomes of Adyen's reasons for saying no."""

import pytest

from apps.payments.adapters.adyen.declines import BY_NUMBER, GENERAL, NUMBERS, reason_of
from apps.payments.domain.declines import DECLINED, public_code


class TestAReason:
    @pytest.mark.parametrize(
        ("number", "text", "code"),
        [
            ("2", "Refused", "card_declined"),
            ("4", "Acquirer Error", "processing_error"),
            ("6", "Expired Card", "expired_card"),
            ("8", "Invalid Card Number", "incorrect_number"),
            ("9", "Issuer Unavailable", "issuer_not_available"),
            ("11", "3D Not Authenticated", "authentication_failed"),
            ("12", "Not enough balance", "insufficient_funds"),
            ("24", "CVC Declined", "incorrect_cvc"),
            ("38", "Authentication required", "authentication_required"),
        ],
    )
    def test_is_the_same_by_number_and_by_text(self, number: str, text: str, code: str) -> None:
        assert reason_of(number=number).code == code
        assert reason_of(text=text) == reason_of(number=number)

    def test_that_is_unknown_is_a_plain_refusal(self) -> None:
        assert reason_of(number="999").detail == GENERAL
        assert reason_of(text="Something else").code == "card_declined"
        assert reason_of() == reason_of(number="2")

    @pytest.mark.parametrize("number", ["5", "14", "20", "22", "25", "31"])
    def test_that_its_holder_must_not_learn_stays_in_the_house(self, number: str) -> None:
        reason = reason_of(number=number)
        assert reason.detail == GENERAL
        assert public_code(reason.code) == DECLINED

    def test_has_a_number_for_every_text(self) -> None:
        assert set(NUMBERS.values()) <= BY_NUMBER.keys()
