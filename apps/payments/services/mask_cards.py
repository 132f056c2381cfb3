"""Take card numbers and security codes out of what providers tell, before it is stored."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import structlog

from apps.payments.ports import ProviderMessage
from apps.platform.telemetry.card_masking import CARD
from apps.platform.telemetry.masking import masked_text
from apps.platform.web.card_numbers import contains_card_data

# Names that Adyen gave for years: two digits, milliseconds since 1970, one digit. One in ten passes for a card.
_NAME_OF_DIGITS = re.compile(r"(?<![0-9])[0-9]{2}1[4-9][0-9]{12}(?![0-9])")
_LONGEST_MASKED = 90

log = structlog.get_logger(__name__)


def mask_cards(
    messages: Sequence[ProviderMessage], *, provider: str, body: bytes
) -> list[ProviderMessage]:
    """Give the messages of a webhook without card data; a message that holds none is given as it is.

    Masking the same webhook again gives the same. Each one masked leaves a line in the log, and so counts
    among the cards that were. A name that is a card number becomes `[card]` and
    matches nothing; that of the message itself stays one of its own by a digest of the `body`.
    """
    digest = ""
    masked = []
    for position, message in enumerate(messages):
        if _holds_card(msgspec.json.encode(message).decode()):
            digest = digest or hashlib.sha256(body).hexdigest()[:32]
            log.warning("card_in_message", provider=provider, found=CARD)
            masked.append(_masked(message, f"{digest}:{position}"))
        else:
            masked.append(message)
    return masked


def _masked(message: ProviderMessage, own_name: str) -> ProviderMessage:
    event_id = _clean(message.event_id)
    if event_id != message.event_id:
        event_id = f"{event_id[:_LONGEST_MASKED]}:{own_name}"
    dispute, refund = message.dispute, message.refund
    return replace(
        message,
        event_id=event_id,
        kind=_clean(message.kind),
        reference=_clean(message.reference),
        call_reference=_clean(message.call_reference),
        facts=_cleaned(message.facts),
        dispute=dispute
        and replace(
            dispute,
            reference=_clean(dispute.reference),
            reason=_clean(dispute.reason),
            currency=_clean(dispute.currency),
        ),
        refund=refund
        and replace(refund, reference=_clean(refund.reference), currency=_clean(refund.currency)),
    )


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return _clean(value)
        case Mapping():
            return {_clean(key): _cleaned(one) for key, one in value.items()}
        case list() | tuple():
            return [_cleaned(one) for one in value]
        case _:
            return value


def _clean(text: str) -> str:
    return masked_text(text) if _holds_card(text) else text


def _holds_card(text: str) -> bool:
    return contains_card_data(_NAME_OF_DIGITS.sub("#", text).encode("utf-8", "replace"))
