"""How values look to people: badges, money, times, ids and links. All of it is escaped."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.kernel.identifiers import OrderId
from apps.kernel.money import Money

NOTHING = format_html('<span class="bo-faint">{}</span>', "–")
ORDER_PAGE = "admin:orders_order_change"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


class Tone(StrEnum):
    """How much a badge or bar asks for attention."""

    NEUTRAL = "neutral"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


def badge(text: str, tones: Mapping[str, Tone]) -> SafeString:
    """Show a status in words, in the tone given for it."""
    if not text:
        return NOTHING
    tone = tones.get(text, Tone.NEUTRAL)
    return format_html('<span class="bo-badge bo-{}">{}</span>', tone.value, text.replace("_", " "))


def amount(minor: int, currency: str) -> str:
    """Write money with grouped digits, such as `1,234.50 EUR`."""
    sign = "-" if minor < 0 else ""
    major, _, fraction = Money(abs(minor), currency).decimal_string.partition(".")
    grouped = f"{int(major):,}"
    return f"{sign}{grouped}.{fraction} {currency}" if fraction else f"{sign}{grouped} {currency}"


def money(minor: int, currency: str) -> SafeString:
    """Show money so that columns of it line up."""
    return format_html('<span class="bo-number">{}</span>', amount(minor, currency))


def moment(at: datetime | None) -> SafeString:
    """Show an instant in UTC to the second; the milliseconds are in the tooltip."""
    if at is None:
        return NOTHING
    utc = at.astimezone(UTC)
    return format_html(
        '<time class="bo-time" datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(),
        utc.strftime("%Y-%m-%d %H:%M:%S.") + f"{utc.microsecond // 1000:03}",
        utc.strftime("%d %b %Y %H:%M:%S"),
    )


def duration(span: timedelta) -> str:
    """Write a length of time with its two largest units, such as `2 h 5 min` or `0.4 s`."""
    seconds = span.total_seconds()
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    rest, parts = int(seconds), []
    for size, name in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}")
    if rest and len(parts) < 2:
        parts.append(f"{rest} s")
    return " ".join(parts[:2])


def identifier(value: UUID | str) -> SafeString:
    """Show an id or a key in full."""
    return format_html('<code class="bo-code">{}</code>', value) if value else NOTHING


def short_id(value: UUID) -> SafeString:
    """Show the end of an id, which tells ids of one moment apart; all of it is in the tooltip."""
    return format_html('<code class="bo-code" title="{}">…{}</code>', value, str(value)[-8:])


def link(url: str, text: str) -> SafeString:
    """Link to another page of the back office."""
    return format_html('<a class="bo-link" href="{}">{}</a>', url, text)


def order_link(order_id: OrderId, text: str) -> SafeString:
    """Link to the page of an order."""
    return link(reverse(ORDER_PAGE, args=[order_id]), text)


def document(value: object) -> SafeString:
    """Show a JSON value, indented; nothing where it is empty."""
    if not value:
        return NOTHING
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return format_html('<pre class="bo-document">{}</pre>', text)


def lines(*texts: str) -> SafeString:
    """Show texts one below the other, leaving out empty ones."""
    shown = SafeString("")
    for text in filter(None, texts):
        shown += format_html("{}<br>", text)
    return shown
