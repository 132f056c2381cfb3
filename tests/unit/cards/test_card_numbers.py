"""What counts as a card number in a body, and what must not."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.platform.cards.numbers import contains_card_data, contains_card_number
from tests.apple_pay import sealed_apple_pay
from tests.card_writings import CODES, HONEST, HONEST_CODES, NUMBERS, OTHER_NUMBERS, WITH_EXPONENTS
from tests.growth import grows_in_proportion

VISA = "4111111111111111"
GTIN = 13


def with_check_digit(digits: str) -> str:
    """Complete a number so that it passes the Luhn check, by the book."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def is_article_number(digits: str) -> bool:
    """Check a GTIN, by the book."""
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits[::-1])) % 10 == 0


class TestContainsCardNumber:
    @pytest.mark.parametrize(
        "around", ['{{"note":"{}"}}', '{{"note": "x {} y"}}', "{}", "note={}&x=1"]
    )
    def test_finds_it_however_it_is_written(self, around: str) -> None:
        texts = [around.format(text) for text in (*NUMBERS, *OTHER_NUMBERS)]
        assert [text for text in texts if not contains_card_number(text.encode())] == []

    def test_finds_it_behind_the_escapes_of_json(self) -> None:
        texts = [json.dumps({"note": text}) for text in NUMBERS]
        for text in NUMBERS:
            if max(text) < "\U00010000":
                escaped = "".join(f"\\u{ord(sign):04x}" for sign in text)
                texts.append(f'{{"note": "{escaped}"}}')
        assert [text for text in texts if not contains_card_number(text.encode())] == []

    @pytest.mark.parametrize(
        "text",
        [
            '{"note": "4111 - 1111"} 4111--1111--1111--1111',
            f'{{"number": {VISA}}}',
            f'{{"number":[{VISA}]}}',
            '{"amex": "3782 822463 10005"}',
            '{"diners": "30569309025904"}',
            '{"visa of 13": "4222222222222"}',
            '{"of 19": "6304000000000000000"}',
            '{"note": "+1 4111 1111 1111 1111"}',
            '{"note": "4111,1111,1111,1111,1227"}',
            '{"note": "4111/1111/1111/1111, 5555/5555/5555/4444, 4000/0566/5566/5556"}',
            '{"note": "1,2,3,4001,4002,4003,4004,4005,4111/1111/1111/1111"}',
            f'{{"note": "first line\\n{VISA}"}}',
            '{"note": "4111 1111\\n1111 1111"}',
            '{"note": "[4111,1111,1111,1111]"}',
            '{"note": "x", "more": "is, 4111,1111,1111,1111"}',
            "[urgent] 4111,1111,1111,1111",
            '{"note": 4111.1111/1111.1111}',
        ],
    )
    def test_finds_others_in_other_places(self, text: str) -> None:
        assert contains_card_number(text.encode())

    @pytest.mark.parametrize("text", WITH_EXPONENTS)
    def test_finds_numbers_with_an_exponent(self, text: str) -> None:
        assert contains_card_data(text.encode())

    @given(st.lists(st.integers(1000, 9999), min_size=4, max_size=12), st.sampled_from([",", ", "]))
    def test_lets_every_list_of_numbers_through(self, numbers: list[int], comma: str) -> None:
        listed = f'{{"numbers": [{comma.join(map(str, numbers))}]}}'
        assert not contains_card_number(listed.encode())

    @given(
        st.lists(st.integers(1000, 9999), min_size=6, max_size=20),
        st.sampled_from([",", ", ", "/", " | ", ":", ".", "_", "; "]),
    )
    def test_lets_lists_in_a_text_through(self, numbers: list[int], mark: str) -> None:
        listed = json.dumps({"metadata": {"articles": mark.join(map(str, numbers))}})
        assert not contains_card_number(listed.encode())

    @pytest.mark.parametrize("mark", ["/", ", ", "|"])
    def test_lets_articles_that_follow_each_other_through(self, mark: str) -> None:
        for first in range(2000, 6990):
            listed = mark.join(str(first + at) for at in range(4))
            assert not contains_card_number(f'{{"note": "articles {listed}"}}'.encode())

    @given(st.binary(min_size=12, max_size=32), st.sampled_from(["", "id_", "x-"]))
    def test_lets_tokens_through(self, raw: bytes, start: str) -> None:
        assert not contains_card_number(f'{{"token": "{start}{raw.hex()}"}}'.encode())

    @pytest.mark.parametrize("length", [13, 16, 19])
    def test_lets_instants_through(self, length: int) -> None:
        instants = [
            with_check_digit(str(seconds).ljust(length - 1, "3"))
            for seconds in range(1_420_000_000, 1_990_000_000, 7_000_001)
        ]
        assert not any(contains_card_number(instant.encode()) for instant in instants)

    def test_lets_calendar_stamps_through(self) -> None:
        assert not contains_card_number(with_check_digit("2026112209300").encode())

    def test_lets_article_numbers_through_even_if_they_pass_the_check(self) -> None:
        cards = [with_check_digit(str(number)) for number in range(400638133000, 400638133100)]
        articles = [number for number in cards if is_article_number(number)]
        assert len(articles) == 10
        assert not any(contains_card_number(article.encode()) for article in articles)
        others = set(cards) - set(articles)
        assert all(contains_card_number(other.encode()) for other in others)

    @pytest.mark.parametrize("start", ["34", "4", "54"])
    def test_lets_numbers_of_cases_through(self, start: str) -> None:
        numbers = [
            with_check_digit(f"{start}{at:0{13 - len(start)}}")
            for at in range(400638133, 400638233)
        ]
        assert any(is_article_number(number) for number in numbers)
        assert not any(contains_card_number(number.encode()) for number in numbers)

    @pytest.mark.parametrize("start", ["36", "38", "39", "300", "305", "3095"])
    def test_finds_the_cards_of_as_many_digits(self, start: str) -> None:
        numbers = [
            with_check_digit(f"{start}{at:0{13 - len(start)}}") for at in range(0, 10**9, 10**7 - 3)
        ]
        assert any(is_article_number(number) for number in numbers)
        assert all(contains_card_number(number.encode()) for number in numbers)

    @given(st.uuids(), st.uuids())
    def test_lets_every_uuid_through(self, first: UUID, second: UUID) -> None:
        text = json.dumps({"id": str(first), "pair": f"{first}-{second}", "hex": first.hex})
        assert not contains_card_number(text.encode())

    def test_lets_a_uuid_of_nothing_but_digits_through(self) -> None:
        assert not contains_card_number(b'"01234567-8123-4567-8123-456789012345"')
        assert not contains_card_number(b'"a1234567-8123-4567-8123-111111111111"')

    def test_takes_nothing_for_a_uuid_that_goes_on(self) -> None:
        assert contains_card_number(b'"41111111-1111-1111-5111-1111111111117"')

    @given(
        st.sampled_from(
            [
                *(
                    (start, 16)
                    for start in ("4", "51", "2221", "2720", "2200", "9792", "6011", "81")
                ),
                *(("4", 13), ("34", 15), ("36", 14), ("3095", 19), ("3528", 17), ("6304", 18)),
            ]
        ),
        st.text("0123456789", min_size=18, max_size=18),
        st.sampled_from(["", " ", "-"]),
    )
    def test_finds_any_number_that_passes_the_check(
        self, issued: tuple[str, int], others: str, separator: str
    ) -> None:
        start, length = issued
        digits = with_check_digit(f"{start}{others}"[: length - 1])
        assume(length != GTIN or separator or not is_article_number(digits))
        groups = [digits[at : at + 4] for at in range(0, length, 4)]
        assert contains_card_number(f'{{"note": "x {separator.join(groups)} y"}}'.encode())

    @pytest.mark.parametrize("before", ["10.0e1", "100e0", "1.000000e+00", "100e-2", "100e39"])
    def test_finds_it_behind_a_number_with_an_exponent(self, before: str) -> None:
        for text in NUMBERS:
            assert contains_card_number(f'{{"share": {before}, "note": "{text}"}}'.encode()), text

    def test_lets_apple_pay_tokens_through(self) -> None:
        for seed in range(200):
            assert not contains_card_number(f'{{"token": "{sealed_apple_pay(seed)}"}}'.encode())

    @pytest.mark.parametrize(
        "account", ["ES91 2100 0418 4502 0005 1332", "AT61-1904-3002-3457-3201"]
    )
    def test_lets_a_bank_account_through_whatever_words_follow(self, account: str) -> None:
        for after in ("", " BIC CAIXESBBXXX", "-EUR"):
            assert not contains_card_number(f'{{"note": "IBAN {account}{after}"}}'.encode()), after

    @pytest.mark.parametrize(
        "piece",
        [
            *(b"1 ", b"12-", b"9", b"4111111111111112 ", b"\\u0034", b"\\", b"4111/", b"4111,"),
            *(b"[4242,4242,4242,4242],", b"4242/4242,4242/4242.", b"1000,4242/"),
            *(b"[4111,1111,1111,1111],", b"a4111111111111112", b"1/", b"cvv", b"card ", b"c"),
            *("４".encode(), "漢".encode(), "𝟒/".encode(), b'["4242,4243"],', b"4242,"),
            *(b"DE41 4111 ", b"1.0e39,", b"order4000056655665556 "),
        ],
    )
    def test_cannot_be_made_slow(self, piece: bytes) -> None:
        times = 64 * 1024 // len(piece)
        assert grows_in_proportion(contains_card_data, lambda n: b"[" + piece * n, times=times)


class TestContainsCardData:
    def test_finds_security_codes_that_say_so(self) -> None:
        texts = [*CODES, *(json.dumps({"note": text}) for text in CODES), VISA]
        assert [text for text in texts if not contains_card_data(text.encode())] == []

    def test_leaves_other_numbers_alone(self) -> None:
        texts = [*HONEST, *HONEST_CODES]
        assert [text for text in texts if contains_card_data(text.encode())] == []
