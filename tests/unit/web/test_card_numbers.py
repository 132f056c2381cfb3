"""What counts as a card number in a body, and what must not."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.web.card_numbers import contains_card_data, contains_card_number
from tests.growth import grows_in_proportion

VISA = "4111111111111111"


def with_check_digit(digits: str) -> str:
    """Complete a number so that it passes the Luhn check, by the book."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def is_article_number(digits: str) -> bool:
    """Check an EAN-13, by the book."""
    return (sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0


class TestContainsCardNumber:
    @pytest.mark.parametrize(
        "text",
        [
            f'{{"note": "{VISA}"}}',
            '{"note": "4111 1111 1111 1111"}',
            '{"note": "4111   1111   1111   1111"}',
            '{"note": "4111-1111-1111-1111"}',
            '{"note": "4111 - 1111"} 4111--1111--1111--1111',
            f'{{"number": {VISA}}}',
            f'{{"number":[{VISA}]}}',
            '{"amex": "3782 822463 10005"}',
            '{"diners": "30569309025904"}',
            '{"visa of 13": "4222222222222"}',
            '{"of 19": "6304000000000000000"}',
            f'{{"note": "12 {VISA} 7"}}',
            f'{{"note": "SKU1 {VISA}"}}',
            f'{{"note": "My card is {VISA}."}}',
            '{"note": "+1 4111 1111 1111 1111"}',
            '{"note": "1234567812345670"}',
            f'{{"note": "first line\\n{VISA}"}}',
            '{"note": "\\u0034111\\u0020111111111111"}',
            '{"note": "4111\N{NO-BREAK SPACE}1111\N{NO-BREAK SPACE}1111 1111"}',
            '{"note": "4111\N{THIN SPACE}1111\N{NARROW NO-BREAK SPACE}1111\N{EN DASH}1111"}',
            '{"note": "4111.1111.1111.1111"}',
            f'{{"note": "Müller {VISA}"}}',
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            VISA,
        ],
    )
    def test_finds_it_however_it_is_written(self, text: str) -> None:
        assert contains_card_number(text.encode())

    @pytest.mark.parametrize(
        "text",
        [
            '{"off by one": "4111111111111112"}',
            f'{{"token": "tok_{VISA}"}}',
            f'{{"token": "{VISA}abc"}}',
            f'{{"hash": "deadbeef{VISA}"}}',
            f'{{"too long": "{VISA}{VISA}"}}',
            f'{{"fraction": 0.{VISA}}}',
            '{"telephone": "+4915112345675"}',
            '{"zeros": "0000000000000000"}',
            '{"ean": "4006381333931"}',
            '{"of 12": "411111111116"}',
            '{"number": 41111111, "other": 11111111}',
            "[4111,1111,1111,1111]",
            "",
        ],
    )
    def test_lets_through_what_is_something_else(self, text: str) -> None:
        assert not contains_card_number(text.encode())

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

    @given(st.uuids(), st.uuids())
    def test_lets_every_uuid_through(self, first: UUID, second: UUID) -> None:
        text = json.dumps({"id": str(first), "pair": f"{first}-{second}", "hex": first.hex})
        assert not contains_card_number(text.encode())

    def test_lets_a_uuid_of_nothing_but_digits_through(self) -> None:
        assert not contains_card_number(b'"01234567-8123-4567-8123-456789012345"')
        assert not contains_card_number(b'"a1234567-8123-4567-8123-111111111111"')

    @given(
        st.sampled_from("3456"),
        st.integers(min_value=13, max_value=18),
        st.randoms(use_true_random=False),
        st.sampled_from(["", " ", "-"]),
    )
    def test_finds_any_number_that_passes_the_check(
        self, start: str, length: int, random: object, separator: str
    ) -> None:
        choice = random.choice  # type: ignore[attr-defined]  # hypothesis hides the type
        digits = with_check_digit(start + "".join(choice("0123456789") for _ in range(length - 1)))
        groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
        assert contains_card_number(f'{{"note": "x {separator.join(groups)} y"}}'.encode())

    @pytest.mark.parametrize(
        "piece", [b"1 ", b"12-", b"9", b"4111111111111112 ", b"\\u0034", b"\\"]
    )
    def test_cannot_be_made_slow(self, piece: bytes) -> None:
        times = 256 * 1024 // len(piece)
        assert grows_in_proportion(contains_card_number, lambda n: piece * n, times=times)


class TestContainsCardData:
    @pytest.mark.parametrize(
        "text",
        [
            '{"cvv": "123"}',
            '{"CVC2": 1234}',
            '{"security_code":"123"}',
            '{"note": "the CVV is on the back, cvv 123"}',
            "cvc=123&x=1",
            "Security code: 123",
            VISA,
        ],
    )
    def test_finds_security_codes_that_say_so(self, text: str) -> None:
        assert contains_card_data(text.encode())

    @pytest.mark.parametrize(
        "text",
        [
            '{"quantity": 123}',
            '{"sku": "CVC-1234"}',
            '{"sku": "CVV123X"}',
            '{"note": "cvv 12345"}',
            '{"note": "verification of order 123"}',
            '{"brand": "cvc", "last4": "4242"}',
        ],
    )
    def test_leaves_other_numbers_alone(self, text: str) -> None:
        assert not contains_card_data(text.encode())
