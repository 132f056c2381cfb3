"""Why a payment failed, in words: that no code which a gateway has a sentence for is left out."""

import pytest

from apps.notifications.domain.reasons import failure_in_words
from apps.payments.adapters.adyen.declines import BY_NUMBER, CALLED_OFF, METHOD_UNKNOWN, PARTIAL
from apps.payments.adapters.paypal.declines import SENTENCES as PAYPAL
from apps.payments.adapters.sandbox import DECLINES, NOT_APPROVED, UNKNOWN_TOKEN
from apps.payments.adapters.stripe.declines import SENTENCES as STRIPE
from apps.payments.domain.declines import public_code

ADYEN = [reason.code for reason in (*BY_NUMBER.values(), CALLED_OFF, METHOD_UNKNOWN, PARTIAL)]
SANDBOX = [answer.code for answer in (*DECLINES.values(), NOT_APPROVED, UNKNOWN_TOKEN)]
OURS = [
    *("action_expired", "wait_expired", "cancelled"),
    # What Adyen says of a charge comes without a number of a reason.
    *("capture_failed", "capture_refused"),
    # Orders say that their payment was called off meanwhile, or ran out.
    *("canceled", "authorization_expired"),
]
CODES = sorted({public_code(one) for one in (*STRIPE, *ADYEN, *PAYPAL, *SANDBOX, *OURS)})


class TestAReason:
    @pytest.mark.parametrize("code", CODES)
    def test_has_words_of_its_own_in_both_languages(self, code: str) -> None:
        told = {locale: failure_in_words(code, locale) for locale in ("en", "de")}
        for locale, words in told.items():
            assert words.endswith(".")
            assert words != failure_in_words("a_word_of_tomorrow", locale)
        assert told["en"] != told["de"]

    def test_that_is_not_known_is_told_neutrally(self) -> None:
        assert failure_in_words("gateway_misused", "en") == "The payment was not accepted."
        assert failure_in_words("gateway_misused", "de") == "Die Zahlung wurde nicht angenommen."

    def test_that_there_is_not_is_not_told(self) -> None:
        assert failure_in_words("", "en") == failure_in_words("", "de") == ""
