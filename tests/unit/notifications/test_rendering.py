"""Every message in both languages, word for word where it matters."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from jinja2 import TemplateNotFound

from apps.notifications.domain.contents import Amount, Line, Ordered, Told, Units
from apps.notifications.domain.messages import MessageKind
from apps.notifications.services.rendering import TEMPLATES, Words, render

NUMBER = "7KQ3-M2XP-C"
ORDERED = Ordered(
    currency="EUR",
    total_minor=132_370,
    lines=(
        Line(sku="SKU-A", name="Oak Chair", quantity=2, unit_price_minor=64_950),
        Line(sku="SKU-B", name="Clay <Mug> & Co", quantity=1, unit_price_minor=1980),
    ),
)
EVERYTHING = Told(
    number=NUMBER,
    reason="customer_request",
    code="card_declined",
    short_skus=("SKU-B", "SKU-X"),
    action_url="https://pay.example/approve?a=1&b=2",
    expires_at=datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
    provider="paypal",
    refunded=Amount(minor=64_950, currency="EUR"),
    refunded_units=(Units(sku="SKU-B", quantity=3), Units(sku="SKU-X", quantity=1)),
)
NOTHING_BACK = Told(number=NUMBER)
SUBJECTS = {
    ("order_received", "en"): "We have received your order 7KQ3-M2XP-C",
    ("order_received", "de"): "Wir haben Ihre Bestellung 7KQ3-M2XP-C erhalten",
    ("order_confirmed", "en"): "Your order 7KQ3-M2XP-C is confirmed",
    ("order_confirmed", "de"): "Ihre Bestellung 7KQ3-M2XP-C ist bestätigt",
    ("order_out_of_stock", "en"): "Your order 7KQ3-M2XP-C is out of stock",
    ("order_out_of_stock", "de"): "Ihre Bestellung 7KQ3-M2XP-C ist leider nicht lieferbar",
    (
        "order_payment_failed",
        "en",
    ): "The payment for your order 7KQ3-M2XP-C did not go through",
    (
        "order_payment_failed",
        "de",
    ): "Die Zahlung für Ihre Bestellung 7KQ3-M2XP-C ist fehlgeschlagen",
    ("order_cancelled", "en"): "Your order 7KQ3-M2XP-C has been cancelled",
    ("order_cancelled", "de"): "Ihre Bestellung 7KQ3-M2XP-C wurde storniert",
    (
        "payment_action_needed",
        "en",
    ): "Action needed: approve the payment for your order 7KQ3-M2XP-C",
    (
        "payment_action_needed",
        "de",
    ): "Bitte bestätigen Sie die Zahlung für Ihre Bestellung 7KQ3-M2XP-C",
    (
        "payment_under_review",
        "en",
    ): "The payment for your order 7KQ3-M2XP-C is being checked",
    (
        "payment_under_review",
        "de",
    ): "Die Zahlung für Ihre Bestellung 7KQ3-M2XP-C wird geprüft",
    ("payment_refunded", "en"): "A refund for your order 7KQ3-M2XP-C",
    ("payment_refunded", "de"): "Erstattung für Ihre Bestellung 7KQ3-M2XP-C",
}
ALL = [(kind, locale) for kind in MessageKind for locale in ("en", "de")]


def words(
    kind: str,
    locale: str = "en",
    told: Told = EVERYTHING,
    *,
    name: str = "Ada Example",
    ordered: Ordered | None = ORDERED,
) -> Words:
    return render(kind=kind, locale=locale, name=name, told=told, ordered=ordered)


class _Page(HTMLParser):
    """Collects the text of a page and insists that its elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(html: str) -> str:
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return " ".join(page.text.split())


class TestEveryMessage:
    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_has_its_subject(self, kind: MessageKind, locale: str) -> None:
        assert words(kind, locale).subject == SUBJECTS[kind.value, locale]

    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_greets_by_name_and_says_goodbye(self, kind: MessageKind, locale: str) -> None:
        written = words(kind, locale)
        greeting, farewell = {
            "en": ("Hello Ada Example,\n\n", "\n\nKind regards\nYour order team\n"),
            "de": ("Guten Tag Ada Example,\n\n", "\n\nFreundliche Grüße\nIhr Bestellservice\n"),
        }[locale]
        assert written.text.startswith(greeting)
        assert written.text.endswith(farewell)
        assert NUMBER in written.text

    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_leaves_no_gaps_in_the_text(self, kind: MessageKind, locale: str) -> None:
        for ordered in (ORDERED, None):
            text = words(kind, locale, ordered=ordered).text
            assert "\n\n\n" not in text
            assert "{" not in text
            assert "  " not in text

    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_is_a_page_too_in_its_language(self, kind: MessageKind, locale: str) -> None:
        written = words(kind, locale)
        assert written.html.startswith(f'<!doctype html>\n<html lang="{locale}">')
        assert text_of(written.html).startswith(SUBJECTS[kind.value, locale])
        assert NUMBER in text_of(written.html)

    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_shows_a_hostile_name_as_text(self, kind: MessageKind, locale: str) -> None:
        written = words(kind, locale, name="<script>alert(1)</script>")
        assert "<script>" not in written.html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written.html
        assert "<script>alert(1)</script>," in written.text

    def test_has_a_template_for_each_kind_and_none_besides(self) -> None:
        for locale in ("en", "de"):
            files = {path.name for path in (TEMPLATES / locale).iterdir()}
            assert files == {
                f"{kind}.{ending}" for kind in MessageKind for ending in ("txt", "html")
            }

    def test_is_in_english_where_the_language_has_no_templates(self) -> None:
        assert words("order_confirmed", "fr") == words("order_confirmed", "en")

    def test_of_an_unknown_kind_is_an_error(self) -> None:
        with pytest.raises(TemplateNotFound):
            words("order_teleported")


class TestReceiptAndConfirmation:
    @pytest.mark.parametrize("kind", ["order_received", "order_confirmed"])
    def test_list_what_was_ordered(self, kind: str) -> None:
        assert (
            "\n\n2 × Oak Chair: €1,299.00\n1 × Clay <Mug> & Co: €19.80\n"
            "Total, shipping included: €1,323.70\n\n"
        ) in words(kind).text
        assert (
            "\n\n2 × Oak Chair: 1.299,00\u00a0€\n1 × Clay <Mug> & Co: 19,80\u00a0€\n"
            "Gesamtbetrag inklusive Versand: 1.323,70\u00a0€\n\n"
        ) in words(kind, "de").text

    @pytest.mark.parametrize("kind", ["order_received", "order_confirmed"])
    def test_list_it_on_the_page_too(self, kind: str) -> None:
        shown = text_of(words(kind).html)
        assert "2 × Oak Chair€1,299.00 1 × Clay <Mug> & Co€19.80" in shown
        assert "Total, shipping included€1,323.70" in shown

    def test_do_without_the_list_where_the_order_is_not_known(self) -> None:
        written = words("order_confirmed", ordered=None)
        assert "×" not in written.text
        assert "Total" not in written.text
        assert "<table" not in written.html


class TestOutOfStock:
    def test_names_what_is_missing(self) -> None:
        english = words("order_out_of_stock")
        assert "\n\nNot available at the moment:\n- Clay <Mug> & Co\n- SKU-X\n\n" in english.text
        assert "<li>Clay &lt;Mug&gt; &amp; Co</li><li>SKU-X</li>" in english.html
        german = words("order_out_of_stock", "de")
        assert "\n\nZurzeit nicht lieferbar:\n- Clay <Mug> & Co\n- SKU-X\n\n" in german.text

    def test_names_skus_where_the_order_is_not_known(self) -> None:
        assert "- SKU-B\n- SKU-X\n" in words("order_out_of_stock", ordered=None).text


class TestPaymentFailed:
    @pytest.mark.parametrize(
        ("code", "english", "german"),
        [
            (
                "insufficient_funds",
                "Your card does not cover the amount.",
                "Ihre Karte deckt den Betrag nicht.",
            ),
            (
                "action_expired",
                "The payment was not approved in time.",
                "Die Zahlung wurde nicht rechtzeitig bestätigt.",
            ),
            (
                "PAYER_CANNOT_PAY",
                "Your PayPal account has no way to pay this amount.",
                "Ihr PayPal-Konto hat keine Zahlungsquelle für diesen Betrag.",
            ),
            ("declined", "The payment was declined.", "Die Zahlung wurde abgelehnt."),
            (
                "a_word_of_tomorrow",
                "The payment was not accepted.",
                "Die Zahlung wurde nicht angenommen.",
            ),
        ],
    )
    def test_gives_the_reason_in_the_language_of_the_customer(
        self, code: str, english: str, german: str
    ) -> None:
        for locale, said in (
            ("en", f"we had to cancel the order. The reason we were given: {english}"),
            ("de", f"stornieren mussten. Der Grund, der uns genannt wurde: {german}"),
        ):
            written = words("order_payment_failed", locale, Told(number=NUMBER, code=code))
            assert f"{said}\n" in written.text
            assert said in text_of(written.html)

    def test_gives_no_reason_where_there_is_none(self) -> None:
        for locale, said in (
            ("en", "so we had to cancel the order.\n\nYou have not been charged."),
            ("de", "stornieren mussten.\n\nIhnen wurde nichts berechnet."),
        ):
            assert said in words("order_payment_failed", locale, Told(number=NUMBER)).text

    def test_says_that_nothing_was_charged(self) -> None:
        for locale, said in (
            ("en", "You have not been charged."),
            ("de", "Ihnen wurde nichts berechnet."),
        ):
            assert said in words("order_payment_failed", locale, NOTHING_BACK).text
            assert said not in words("order_payment_failed", locale).text


class TestCancelled:
    @pytest.mark.parametrize(
        ("reason", "english", "german"),
        [
            ("customer_request", "as you asked, we have cancelled", "wie gewünscht haben wir"),
            ("reservation_expired", "in time and could not hold", "nicht rechtzeitig"),
            ("review_rejected", "we could not accept your order", "nicht annehmen"),
            ("something_new", "your order 7KQ3-M2XP-C has been cancelled.", "wurde storniert."),
        ],
    )
    def test_says_why(self, reason: str, english: str, german: str) -> None:
        for locale, expected in (("en", english), ("de", german)):
            written = words("order_cancelled", locale, Told(number=NUMBER, reason=reason))
            assert expected in written.text
            assert expected in text_of(written.html)


class TestMoneyBack:
    def test_is_told_with_what_it_is_for_and_when_it_arrives(self) -> None:
        english, german = (words("payment_refunded", one) for one in ("en", "de"))
        assert "we have given €649.50 of what you paid for your order" in english.text
        assert "\n\nThe money is for:\n3 × Clay <Mug> & Co\n1 × SKU-X\n\nIt" in english.text
        assert "It should reach you within 10 days" in english.text
        assert "649,50\u00a0€ erstattet.\n\nErstattet werden:\n3 × Clay" in german.text
        assert "sollte innerhalb von 10 Tagen" in german.text
        assert "<li>3 × Clay &lt;Mug&gt; &amp; Co</li><li>1 × SKU-X</li>" in english.html

    def test_is_told_by_its_amount_alone_where_it_is_for_no_units(self) -> None:
        told = Told(number=NUMBER, refunded=Amount(minor=1000, currency="USD"))
        written = words("payment_refunded", told=told, ordered=None)
        assert "$10.00" in written.text
        assert "×" not in written.text
        assert "<ul>" not in written.html

    @pytest.mark.parametrize(
        "kind", ["order_cancelled", "order_out_of_stock", "order_payment_failed"]
    )
    def test_is_told_with_the_cancellation(self, kind: str) -> None:
        for locale, said in (
            ("en", "In all, we have given €649.50 back to you; it should reach you within 10 days"),
            (
                "de",
                "Wir haben Ihnen insgesamt 649,50\u00a0€ erstattet; das Geld sollte innerhalb von 10",
            ),
        ):
            written = words(kind, locale)
            assert said in written.text
            assert said.replace("\u00a0", " ") in text_of(written.html)
            assert "paid already" not in written.text
            assert said not in words(kind, locale, NOTHING_BACK).text

    def test_may_be_on_its_way_where_nobody_knows(self) -> None:
        for locale, said in (("en", "If you have paid already"), ("de", "Falls Sie schon")):
            assert said in words("order_cancelled", locale, NOTHING_BACK).text


class TestActionNeeded:
    def test_says_where_and_until_when(self) -> None:
        url = "https://pay.example/approve?a=1&b=2"
        english, german = (words("payment_action_needed", one) for one in ("en", "de"))
        assert f"Please do so here by 22 November 2026, 14:30 UTC:\n\n{url}\n" in english.text
        assert f"Bitte tun Sie das hier bis 22.11.2026, 15:30 Uhr:\n\n{url}\n" in german.text
        assert "(€1,323.70)" in english.text
        for page in (english.html, german.html):
            assert 'href="https://pay.example/approve?a=1&amp;b=2"' in page


class TestUnderReview:
    def test_says_by_whom_and_that_there_is_nothing_to_do(self) -> None:
        english, german = (words("payment_under_review", one) for one in ("en", "de"))
        assert "7KQ3-M2XP-C (€1,323.70) is still being checked by PayPal." in english.text
        assert "There is nothing you need to do." in english.text
        assert "wird noch von PayPal geprüft." in german.text
        assert "Sie müssen nichts weiter tun." in german.text
        assert "PayPal" in text_of(english.html)
        assert "PayPal" in text_of(german.html)
