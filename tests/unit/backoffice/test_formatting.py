"""How values look in the back office."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from apps.platform.backoffice.formatting import (
    NOTHING,
    Tone,
    amount,
    badge,
    document,
    duration,
    identifier,
    lines,
    link,
    moment,
    short_id,
)

HOSTILE = "<script>alert(1)</script>"


class TestAmount:
    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (0, "EUR", "0.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (123456789, "EUR", "1,234,567.89 EUR"),
            (-250, "USD", "-2.50 USD"),
            (-5, "EUR", "-0.05 EUR"),
            (1234567, "JPY", "1,234,567 JPY"),
            (1234567, "KWD", "1,234.567 KWD"),
        ],
    )
    def test_groups_digits_and_keeps_the_decimals_of_the_currency(
        self, minor: int, currency: str, text: str
    ) -> None:
        assert amount(minor, currency) == text


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (-1, "0.0 s"),
            (0.25, "0.2 s"),
            (9.94, "9.9 s"),
            (10, "10 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (3600, "1 h"),
            (3661, "1 h 1 min"),
            (90_061, "1 d 1 h"),
            (86_460, "1 d 1 min"),
        ],
    )
    def test_is_written_with_its_two_largest_units(self, seconds: float, text: str) -> None:
        assert duration(timedelta(seconds=seconds)) == text


class TestMoment:
    def test_is_shown_in_utc_with_the_milliseconds_in_the_tooltip(self) -> None:
        at = datetime(2026, 11, 22, 13, 5, 9, 42_000, tzinfo=timezone(timedelta(hours=1)))
        assert moment(at) == (
            '<time class="bo-time" datetime="2026-11-22T12:05:09.042000+00:00" '
            'title="2026-11-22 12:05:09.042 UTC">22 Nov 2026 12:05:09</time>'
        )

    def test_that_has_not_come_is_a_dash(self) -> None:
        assert moment(None) == NOTHING


class TestMarkup:
    def test_of_a_badge_has_the_tone_of_the_status(self) -> None:
        tones = {"in_flight": Tone.INFO}
        assert badge("in_flight", tones) == '<span class="bo-badge bo-info">in flight</span>'
        assert badge("new_word", tones) == '<span class="bo-badge bo-neutral">new word</span>'
        assert badge("", tones) == NOTHING

    def test_lets_no_text_become_markup(self) -> None:
        shown = (
            badge(HOSTILE, {})
            + identifier(HOSTILE)
            + link(f"/{HOSTILE}", HOSTILE)
            + lines(HOSTILE)
            + document({HOSTILE: HOSTILE})
        )
        assert "<script>" not in shown
        assert shown.count("&lt;script&gt;") == 7

    def test_of_a_short_id_keeps_all_of_it_in_the_tooltip(self) -> None:
        one = UUID("01934567-89ab-7123-8456-0123456789ab")
        assert short_id(one) == f'<code class="bo-code" title="{one}">…456789ab</code>'

    def test_of_an_empty_document_is_a_dash(self) -> None:
        assert document({}) == document([]) == document(None) == NOTHING

    def test_leaves_out_empty_lines(self) -> None:
        assert lines("a", "", "b") == "a<br>b<br>"
