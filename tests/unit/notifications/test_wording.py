"""Amounts and times as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.kernel.money import Money
from apps.notifications.domain.messages import MessageKind, kind_of_cancellation
from apps.notifications.domain.wording import (
    amount_in_words,
    instant_in_words,
    locale_or_fallback,
)


class TestAmountInWords:
    @pytest.mark.parametrize(
        ("minor", "currency", "english", "german"),
        [
            (12_990, "EUR", "€129.90", "129,90\u00a0€"),
            (5, "EUR", "€0.05", "0,05\u00a0€"),
            (123_456_789, "USD", "$1,234,567.89", "1.234.567,89\u00a0$"),
            (1299, "JPY", "1,299\u00a0JPY", "1.299\u00a0JPY"),
            (1_234_567, "KWD", "1,234.567\u00a0KWD", "1.234,567\u00a0KWD"),
            (-990, "EUR", "-€9.90", "-9,90\u00a0€"),
            (-5, "EUR", "-€0.05", "-0,05\u00a0€"),
        ],
    )
    def test_follows_the_language(
        self, minor: int, currency: str, english: str, german: str
    ) -> None:
        assert amount_in_words(Money(minor, currency), "en") == english
        assert amount_in_words(Money(minor, currency), "de") == german


class TestInstantInWords:
    def test_is_utc_in_english(self) -> None:
        at = datetime(2026, 11, 2, 16, 30, tzinfo=timezone(timedelta(hours=2)))
        assert instant_in_words(at, "en") == "2 November 2026, 14:30 UTC"

    def test_is_the_time_of_berlin_in_german_in_winter_and_summer(self) -> None:
        winter, summer = (datetime(2026, month, 2, 23, 30, tzinfo=UTC) for month in (11, 7))
        assert instant_in_words(winter, "de") == "03.11.2026, 00:30 Uhr"
        assert instant_in_words(summer, "de") == "03.07.2026, 01:30 Uhr"

    def test_refuses_a_time_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            instant_in_words(datetime(2026, 11, 2, 14, 30), "en")


class TestLocale:
    def test_falls_back_to_english(self) -> None:
        assert [locale_or_fallback(one) for one in ("de", "en", "fr", "")] == [
            "de",
            "en",
            "en",
            "en",
        ]


class TestKindOfCancellation:
    @pytest.mark.parametrize(
        ("reason", "kind"),
        [
            ("out_of_stock", MessageKind.ORDER_OUT_OF_STOCK),
            ("payment_failed", MessageKind.ORDER_PAYMENT_FAILED),
            ("customer_request", MessageKind.ORDER_CANCELLED),
            ("reservation_expired", MessageKind.ORDER_CANCELLED),
            ("a_reason_of_the_future", MessageKind.ORDER_CANCELLED),
        ],
    )
    def test_is_chosen_by_the_reason(self, reason: str, kind: MessageKind) -> None:
        assert kind_of_cancellation(reason) is kind
