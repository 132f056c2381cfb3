"""Take card numbers and security codes out of what providers tell and report, before it is stored."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings

from apps.payments.adapters.texts import kept
from apps.payments.ports import ProviderMessage, SettlementLine
from apps.platform.cards.numbers import contains_card_data
from apps.platform.telemetry.card_masking import CARD, without_cards
from apps.platform.telemetry.masking import masked, masked_text

LONGEST_LINE_ID = 255
LONGEST_REFERENCE = 128
"""What the tables have room for."""
_LONGEST_MASKED = 90
_DIGEST_LENGTH = 16

log = structlog.get_logger(__name__)


def mask_cards(
    messages: Sequence[ProviderMessage], *, provider: str, body: bytes
) -> list[ProviderMessage]:
    """Give the messages of a webhook without card data; a message that holds none is given as it is.

    Masking the same webhook again gives the same. Each one masked leaves a line in the log, and so counts
    among the cards that were. A name that is a card number becomes `[card]` and a digest of it, which is the same in
    every message of this provider, so that what is told of one dispute or refund meets and what is told of others does
    not; the name of the message itself stays one of its own by a digest of the `body`.
    """
    masked = []
    for position, message in enumerate(messages):
        after = _masked(message, provider, body, position)
        if after != message:
            log.warning("card_in_message", provider=provider, found=CARD)
        masked.append(after)
    return masked


def with_kept_names(line: SettlementLine, *, provider: str) -> SettlementLine:
    """Give a line of a report with names that can be kept; one whose names can be is given as it is.

    Card numbers are masked as in messages, so that both still meet. What a table does not take, or has no room
    for, is left out, and a digest keeps the name apart from others.
    """
    return replace(
        line,
        line_id=_fitting(line.line_id, provider, LONGEST_LINE_ID),
        reference=_fitting(line.reference, provider, LONGEST_REFERENCE),
        payment_reference=_fitting(line.payment_reference, provider, LONGEST_REFERENCE),
    )


def _fitting(name: str, provider: str, longest: int) -> str:
    masked_name = _named(name, provider)
    after = kept(masked_name, longest)
    return after if after == masked_name else f"{after[:_LONGEST_MASKED]}:{_digest(name, provider)}"


def _masked(message: ProviderMessage, provider: str, body: bytes, position: int) -> ProviderMessage:
    event_id = _clean(message.event_id)
    if event_id != message.event_id:
        digest = hashlib.sha256(body).hexdigest()[:32]
        event_id = f"{event_id[:_LONGEST_MASKED]}:{digest}:{position}"
    dispute, refund = message.dispute, message.refund
    names = {
        name: _named(name, provider)
        for name in (
            message.reference,
            message.call_reference,
            dispute.reference if dispute else "",
            refund.reference if refund else "",
        )
    }
    return replace(
        message,
        event_id=event_id,
        kind=_clean(message.kind),
        reference=names[message.reference],
        call_reference=names[message.call_reference],
        facts=_cleaned(message.facts, names),
        dispute=dispute
        and replace(
            dispute,
            reference=names[dispute.reference],
            reason=_clean(dispute.reason),
            currency=_clean(dispute.currency),
        ),
        refund=refund
        and replace(refund, reference=names[refund.reference], currency=_clean(refund.currency)),
    )


def _named(name: str, provider: str) -> str:
    """Mask a name so that it stays apart from others, for good.

    The digest has a key of ours: all card numbers there are can be tried on one that has none.
    """
    after = _clean(name)
    if after == name:
        return name
    return f"{after[:_LONGEST_MASKED]}:{_digest(name, provider)}"


def _digest(name: str, provider: str) -> str:
    text = f"{provider}:{name}".encode("utf-8", "replace")
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()[:_DIGEST_LENGTH]


def _cleaned(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return names[value] if value in names else _clean(value)
        case Mapping():
            return {_clean(key): _cleaned(one, names) for key, one in value.items()}
        case list() | tuple():
            return type(value)(_cleaned(one, names) for one in value)
        case int() | float():
            return masked(value)
        case _:
            return value


def _clean(text: str) -> str:
    """Mask a text that holds card data; of others even what else is masked stays."""
    is_harmless = without_cards(text) == text and not contains_card_data(
        text.encode("utf-8", "replace")
    )
    return text if is_harmless else masked_text(text)
