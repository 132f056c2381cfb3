"""What is kept of a provider's own reason, and who may see it."""

import pytest

from apps.payments.adapters.adyen.declines import REFUSED, declined
from apps.payments.adapters.texts import code_kept
from apps.payments.domain.declines import public_provider_code


class TestAProvidersCode:
    @pytest.mark.parametrize(
        ("said", "code"),
        [
            (("27", "Do not honor"), "27 Do not honor"),
            (("2", None), "2"),
            ((None, "  Refused "), "Refused"),
            ((None, ""), ""),
            (("a\x00b\nc",), "abc"),
            (("x" * 80,), "x" * 64),
        ],
    )
    def test_is_its_number_and_its_word(self, said: tuple[str | None, ...], code: str) -> None:
        assert code_kept(*said) == code

    @pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242", "DE89 370400"])
    def test_holds_no_number_that_could_be_somebodys(self, number: str) -> None:
        kept = code_kept("2", f"Refused for {number}")
        assert kept.startswith("2 Refused for ")
        assert kept.endswith("…")
        assert sum(one.isdigit() for one in kept) <= 3

    def test_tells_apart_what_is_one_word_of_ours(self) -> None:
        numbers = [declined(REFUSED, number, "Refused") for number in ("2", "3", "27")]
        assert {one.code for one in numbers} == {"card_declined"}
        assert [one.provider_code for one in numbers] == ["2 Refused", "3 Refused", "27 Refused"]

    @pytest.mark.parametrize(
        ("code", "provider_code", "shown"),
        [
            ("card_declined", "27 Do not honor", "27 Do not honor"),
            ("insufficient_funds", "12 Not enough balance", "12 Not enough balance"),
            ("fraudulent", "20", ""),
            ("restricted_card", "25 Restricted Card", ""),
            ("card_declined", "99 Suspected FRAUD", ""),
            ("declined", "pick-up card", ""),
        ],
    )
    def test_leaves_the_house_unless_it_says_too_much(
        self, code: str, provider_code: str, shown: str
    ) -> None:
        assert public_provider_code(provider_code, code=code) == shown
