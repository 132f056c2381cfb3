"""What is taken out of everything that is written down."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.cards.luhn import passes_luhn
from apps.platform.cards.numbers import contains_card_data
from apps.platform.telemetry.masking import is_secret_key, masked, masked_text
from tests.card_writings import CODES, HONEST_CODES, NUMBERS, OTHER_NUMBERS
from tests.growth import grows_in_proportion

CARDS = [
    "4242424242424242",
    "378282246310005",
    "6011111111111117",
    "4222222222222",
    "6759649826438453",
]
FEWEST_DIGITS = 13
IDENTIFIER = UUID("01934567-8912-7123-8912-424242424242")


class TestMaskedText:
    @pytest.mark.parametrize("card", CARDS)
    def test_hides_card_numbers(self, card: str) -> None:
        assert masked_text(f"paid with {card}, thanks") == "paid with [card], thanks"

    @pytest.mark.parametrize("separator", [" ", "-", ".", "\u00a0"])
    def test_hides_card_numbers_in_groups(self, separator: str) -> None:
        card = separator.join(["4242", "4242", "4242", "4242"])

        assert masked_text(f"{card} 12/27") == "[card] 12/27"

    def test_hides_a_card_number_however_it_is_written(self) -> None:
        for text in NUMBERS:
            kept = masked_text(f"paid with {text}, thanks")

            assert "[card]" in kept, text
            assert (kept[:10], kept[-8:]) == ("paid with ", ", thanks"), text
            assert len([one for one in kept if one.isdigit()]) < FEWEST_DIGITS, text
            assert not contains_card_data(kept.encode()), text

    def test_hides_whatever_the_door_refuses(self) -> None:
        texts = [*OTHER_NUMBERS, *CODES]

        assert [one for one in texts if contains_card_data(masked_text(one).encode())] == []

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("cvv: 737 and on", "cvv: [secret] and on"),
            ("CID: 1234, and on", "CID: [secret], and on"),
            ("cvv 4000 0566 5566 5556", "cvv [card]"),
            ("the card_code is 737", "the card_code is [secret]"),
            ('{"securityCode":"737"}', '{"securityCode":"[secret]"}'),
            ("csc=737&x=1", "csc=[secret]&x=1"),
        ],
    )
    def test_hides_security_codes(self, text: str, kept: str) -> None:
        assert masked_text(text) == kept

    @pytest.mark.parametrize(
        "text",
        [
            "cvv: 4001,4111,1111,1111,1111",
            "4111,1111,1111,1111,2222,4242 4242 4242 4242",
            "4111/1111/1111/1111/2222/4000,0566,5566,5556,2222,4242 4242 4242 4242",
            "4111/1111/1111/1111/1227/0737",
            "1227/4111/1111/1111/1111",
            "4111,1111,1111,1111,0012,2027",
            "4111 / 1111 / 1111 / 1111 / 2027 / 0737",
            "4111/1111/1111/1111/5555/5555/5555/4444",
            "articles 4111,1111,1111,1111,4007,4008",
            "0 0 0 0 0 4 0 0 0 4000 0566 5566 5556",
        ],
    )
    def test_hides_a_number_in_a_row_that_the_door_takes_for_a_list(self, text: str) -> None:
        kept = masked_text(text)

        assert "[card]" in kept
        assert "1111" not in kept
        assert "5566" not in kept
        assert masked_text(kept) == kept

    @pytest.mark.parametrize("text", [one for one in CODES if one.startswith("{")])
    def test_hides_security_codes_by_their_keys(self, text: str) -> None:
        (name, kept) = next(iter(json.loads(text).items()))

        assert is_secret_key(name) == (name != "note")
        assert masked({name: kept}) == {name: masked_text(kept) if name == "note" else "[secret]"}

    @pytest.mark.parametrize("name", ["cid", "gift_card_code", "verification_number", "Cid"])
    def test_leaves_the_values_of_other_keys(self, name: str) -> None:
        assert masked({name: "1234"}) == {name: "1234"}

    def test_leaves_what_is_no_security_code(self) -> None:
        assert [masked_text(text) for text in HONEST_CODES] == HONEST_CODES

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("x4242424242424242y", "x[card]y"),
            ("4242424242424242 5555555555554444", "[card] [card]"),
            ("card=4242424242424242&exp=12", "card=[card]&exp=12"),
            ("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "[card]"),
        ],
    )
    def test_hides_card_numbers_wherever_they_stand(self, text: str, kept: str) -> None:
        assert masked_text(text) == kept

    @pytest.mark.parametrize(
        "text",
        [
            "4242424242424243",
            str(IDENTIFIER),
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "2026-11-22T19:15:43.123456Z",
            "1732300000006",
            "7KQ3-M2XP-C",
            "GET /api/v1/orders?page_size=100",
            "42424242424242424242",
            "8515131751004932",
            "40063813339201",
        ],
    )
    def test_leaves_what_is_no_card_number(self, text: str) -> None:
        assert masked_text(text) == text

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("Authorization: Bearer abc.DEF-ghi_123", "Authorization: Bearer [secret]"),
            ("basic dXNlcjpwYXNz", "basic [secret]"),
            ("key sk_test_4eC39HqLyjWD refused", "key [secret] refused"),
            ("whsec_abcdef0123", "[secret]"),
            ("eyJhbGciOi.eyJzdWIiOiIx.c2ln", "[secret]"),
            ("postgresql://oms:hunter2@db:5432/oms", "postgresql://[secret]@db:5432/oms"),
            ("redis://:hunter2@cache:6379/0", "redis://[secret]@cache:6379/0"),
            ("?access_token=abc&page=2", "?access_token=[secret]&page=2"),
            ("Login(user='ann', password='hunter2')", "Login(user='ann', password='[secret]')"),
            ("mail to ann.o'neil+x@shop.example.com bounced", "mail to [email] bounced"),
        ],
    )
    def test_hides_credentials_and_addresses(self, text: str, kept: str) -> None:
        assert masked_text(text) == kept

    @pytest.mark.parametrize("text", ["task skipped", "the keyboard", "@", "a token", "sk_"])
    def test_leaves_ordinary_words(self, text: str) -> None:
        assert masked_text(text) == text

    @given(
        st.text() | st.from_regex(r"([0-9 @./٤-]|sk_|token=|bearer |cvv ?|a){0,60}", fullmatch=True)
    )
    def test_changes_nothing_the_second_time(self, text: str) -> None:
        once = masked_text(text)

        assert masked_text(once) == once

    @given(
        st.text()
        | st.from_regex(
            r"([0-9 @./,٤-]|4111|1111|cvv ?|CID: ?|card|[a\"_\[]){0,60}", fullmatch=True
        )
    )
    def test_leaves_nothing_that_the_door_refuses(self, text: str) -> None:
        plain = text.replace("\\", "/")

        assert not contains_card_data(masked_text(plain).encode())

    @given(
        st.from_regex("(?:4[0-9]|5[1-5])[0-9]{13}", fullmatch=True), st.sampled_from(["", " ", "a"])
    )
    def test_finds_every_number_that_passes_luhn(self, start: str, around: str) -> None:
        card = next(
            f"{start}{digit}" for digit in range(10) if passes_luhn(f"{start}{digit}".encode())
        )

        assert masked_text(f"{around}{card}{around}") == f"{around}[card]{around}"

    @pytest.mark.parametrize(
        "piece",
        [
            *(
                "1 ",
                "4",
                "4242 ",
                "a",
                "://a:",
                "eyJ-",
                "bearer ",
                "x@",
                "token=",
                "4242/",
                "1/",
                "cvv=",
                "cvv ",
                "４",
            ),
            *("\nDETAIL:", "\n ", "\nDETAIL:\n\nThe above"),
        ],
    )
    def test_costs_no_more_than_the_length_of_a_hostile_text(self, piece: str) -> None:
        times = 32_000 // len(piece)
        assert grows_in_proportion(masked_text, lambda n: piece * n + "@", times=times)


class Colour(Enum):
    RED = "red"


@dataclass
class Card:
    number: str

    def __str__(self) -> str:
        return f"Card({self.number})"


class Broken:
    def __str__(self) -> str:
        raise RuntimeError


class TestMasked:
    def test_hides_the_value_of_a_secret_field(self) -> None:
        line = {
            "Password": "x",
            "api-key": 5,
            "refresh_token": ["a"],
            "token": None,
            "status": "ok",
        }

        assert masked(line) == {
            "Password": "[secret]",
            "api-key": "[secret]",
            "refresh_token": "[secret]",
            "token": None,
            "status": "ok",
        }

    def test_reaches_into_mappings_and_sequences(self) -> None:
        line = {"a": [{"b": ("4242424242424242", b"sk_live_abcdef")}], "ann@shop.example": 1}

        assert masked(line) == {"a": [{"b": ["[card]", "[secret]"]}], "[email]": 1}

    def test_hides_a_card_number_kept_as_a_number(self) -> None:
        assert masked([4242424242424242, 4242424242424242.0, 6304000000000000000e0]) == [
            *("[card]", "[card]", "[card]"),
        ]

    def test_leaves_other_numbers(self) -> None:
        values = [4242424242424243, 4242424242424243.0, 1.5e300, float("inf"), 0.1, -7, True]

        assert masked(values) == values

    def test_turns_other_values_into_text(self) -> None:
        values = [
            IDENTIFIER,
            datetime(2026, 1, 2, tzinfo=UTC),
            date(2026, 1, 2),
            timedelta(seconds=1.5),
            Decimal("12.90"),
            Colour.RED,
            Card("4242424242424242"),
            Broken(),
        ]

        assert masked(values) == [
            str(IDENTIFIER),
            "2026-01-02T00:00:00+00:00",
            "2026-01-02",
            1.5,
            "12.90",
            "red",
            "Card([card])",
            "<Broken>",
        ]

    def test_cuts_off_what_lies_too_deep(self) -> None:
        endless: dict[str, object] = {}
        endless["self"] = endless

        assert masked(endless) == {"self": {"self": {"self": {"self": {"self": {"self": "[…]"}}}}}}


class TestIsSecretKey:
    @pytest.mark.parametrize(
        "key", ["Set-Cookie", "STRIPE_WEBHOOK_SECRET", "cvc", "securityCode", "db_password"]
    )
    def test_knows_secrets(self, key: str) -> None:
        assert is_secret_key(key)

    @pytest.mark.parametrize("key", ["order_id", "tokens", "idempotency_key", "secretary"])
    def test_knows_what_is_none(self, key: str) -> None:
        assert not is_secret_key(key)
