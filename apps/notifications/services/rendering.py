"""Put a message into words: a subject, a text and a page, in the recipient's language.

The templates are files, one folder a language: `<kind>.txt` begins with the line `Subject: …`, and
`<kind>.html` says the same as a page. Jinja needs less than half the time of Django's templates for
them (ADR 15), which shows at thousands of orders a minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from apps.kernel.money import Money
from apps.kernel.providers import provider_in_words
from apps.notifications.domain.contents import Line, Ordered, Told
from apps.notifications.domain.messages import REFUND_ARRIVES_WITHIN_DAYS
from apps.notifications.domain.reasons import failure_in_words
from apps.notifications.domain.wording import (
    amount_in_words,
    instant_in_words,
    locale_or_fallback,
)

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "notifications"
_SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    name: str
    quantity: int
    total: str


def render(*, kind: str, locale: str, name: str, told: Told, ordered: Ordered | None) -> Words:
    """Write a message of this kind to somebody of this name; the same input gives the same words.

    A language without templates is written in English.

    Raises:
        jinja2.TemplateNotFound: the kind has no templates.
    """
    locale = locale_or_fallback(locale)
    values = _values(locale, name, told, ordered)
    page, letter = _templates(locale, kind)
    head, _, text = letter.render(values).partition("\n\n")
    subject = head.removeprefix(_SUBJECT)
    html = page.render(values, subject=subject)
    return Words(subject=subject, text=text, html=html)


def _values(locale: str, name: str, told: Told, ordered: Ordered | None) -> Mapping[str, object]:
    values: dict[str, object] = {
        "locale": locale,
        "name": name,
        "number": told.number,
        "reason": told.reason,
        "why": failure_in_words(told.code, locale),
        "missing": told.short_skus,
        "action_url": told.action_url,
        "expires_at": told.expires_at and instant_in_words(told.expires_at, locale),
        "provider": provider_in_words(told.provider),
        "items": (),
        "total": "",
        "refunded": _refunded(told, locale),
        "refunded_items": [(one.quantity, one.sku) for one in told.refunded_units],
        "refund_days": REFUND_ARRIVES_WITHIN_DAYS,
    }
    if ordered is not None:
        currency = ordered.currency
        names = {line.sku: line.name for line in ordered.lines}
        values["missing"] = [names.get(sku, sku) for sku in told.short_skus]
        values["total"] = amount_in_words(Money(ordered.total_minor, currency), locale)
        values["items"] = _items(ordered.lines, currency, locale)
        values["refunded_items"] = [
            (one.quantity, names.get(one.sku, one.sku)) for one in told.refunded_units
        ]
    return values


def _refunded(told: Told, locale: str) -> str:
    if told.refunded is None:
        return ""
    return amount_in_words(Money(told.refunded.minor, told.refunded.currency), locale)


def _items(lines: Sequence[Line], currency: str, locale: str) -> list[_Item]:
    return [
        _Item(
            name=line.name,
            quantity=line.quantity,
            total=amount_in_words(Money(line.unit_price_minor * line.quantity, currency), locale),
        )
        for line in lines
    ]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    # Jinja copies its own globals for each page and each part of one: a third of the time of a
    # message, and no template of ours uses any.
    environment.globals.clear()
    return environment


@cache
def _templates(locale: str, kind: str) -> tuple[Template, Template]:
    environment = _environment()
    return (
        environment.get_template(f"{locale}/{kind}.html"),
        environment.get_template(f"{locale}/{kind}.txt"),
    )
