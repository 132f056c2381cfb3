"""What counts as a card number in a body, and what must not."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.platform.web.card_numbers import contains_card_data, contains_card_number
from tests.card_writings import CODES, HONEST, HONEST_CODES, NUMBERS, OTHER_NUMBERS
from tests.growth import grows_in_proportion

VISA = "4111111111111111"
GTIN = 14


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
    @pytest.mark.parametrize("text", [*NUMBERS, *OTHER_NUMBERS])
    @pytest.mark.parametrize(
        "around", ['{{"note":"{}"}}', '{{"note": "x {} y"}}', "{}", "note={}&x=1"]
    )
    def test_finds_it_however_it_is_written(self, around: str, text: str) -> None:
        assert contains_card_number(around.format(text).encode())

    @pytest.mark.parametrize("text", NUMBERS)
    def test_finds_it_behind_the_escapes_of_json(self, text: str) -> None:
        assert contains_card_number(json.dumps({"note": text}).encode())
        escaped = "".join(f"\\u{ord(sign):04x}" for sign in text if ord(sign) < 0x10000)
        if len(escaped) == 6 * len(text):
            assert contains_card_number(f'{{"note": "{escaped}"}}'.encode())

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
            '{"note": "1234 5678 1234 5670"}',
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

    @pytest.mark.parametrize("text", HONEST)
    def test_lets_through_what_is_something_else(self, text: str) -> None:
        assert not contains_card_number(text.encode())

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

    @pytest.mark.parametrize("start", ["3", "4", "5"])
    def test_lets_article_numbers_of_cases_through(self, start: str) -> None:
        cards = [
            with_check_digit(f"{start}{number}") for number in range(400638133000, 400638133100)
        ]
        articles = [number for number in cards if is_article_number(number)]
        assert len(articles) == 10
        assert not any(contains_card_number(article.encode()) for article in articles)
        assert all(contains_card_number(one.encode()) for one in set(cards) - set(articles))

    @pytest.mark.parametrize("start", ["36", "38", "300", "305"])
    def test_finds_the_cards_of_as_many_digits(self, start: str) -> None:
        numbers = [with_check_digit(f"{start}{at:0{13 - len(start)}}") for at in range(100)]
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
        assume(len(digits) > GTIN or digits[:2] in ("36", "38") or not is_article_number(digits))
        groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
        assert contains_card_number(f'{{"note": "x {separator.join(groups)} y"}}'.encode())

    @pytest.mark.parametrize(
        "piece",
        [
            *(b"1 ", b"12-", b"9", b"4111111111111112 ", b"\\u0034", b"\\", b"4111/", b"4111,"),
            *(b"[4242,4242,4242,4242],", b"4242/4242,4242/4242.", b"1000,4242/"),
            *(b"[4111,1111,1111,1111],", b"a4111111111111112", b"1/", b"cvv", b"card ", b"c"),
            *("４".encode(), "漢".encode(), "𝟒/".encode()),
        ],
    )
    def test_cannot_be_made_slow(self, piece: bytes) -> None:
        times = 256 * 1024 // len(piece)
        assert grows_in_proportion(contains_card_data, lambda n: piece * n, times=times)

    @pytest.mark.parametrize("piece", [b"4242,", b'["4242,4243"],'])
    def test_cannot_be_made_slow_by_the_longest_document(self, piece: bytes) -> None:
        times = settings.BULK_BODY_BYTES // len(piece)
        assert grows_in_proportion(
            contains_card_data, lambda n: b"[" + piece * (n - 1), times=times
        )


class TestContainsCardData:
    @pytest.mark.parametrize("text", [*CODES, VISA])
    def test_finds_security_codes_that_say_so(self, text: str) -> None:
        assert contains_card_data(text.encode())

    @pytest.mark.parametrize("text", CODES)
    def test_finds_them_behind_the_escapes_of_json(self, text: str) -> None:
        assert contains_card_data(json.dumps({"note": text}).encode())

    @pytest.mark.parametrize("text", [*HONEST, *HONEST_CODES])
    def test_leaves_other_numbers_alone(self, text: str) -> None:
        assert not contains_card_data(text.encode())
