"""Judge digits without any gap that touch letters: a card number in a word, a reference, or a part of a token."""

from __future__ import annotations

import re
import string
from typing import Final

from apps.platform.cards.issuers import begins_as_card
from apps.platform.cards.writing import NOT_OF_OTHER_CARDS

_LETTERS_AND_DIGITS: Final = string.ascii_letters + string.digits
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_FURTHEST: Final = 64
# Of the ids that are written in hexadecimal, those of documents in databases are the shortest.
_SHORTEST_HEXADECIMAL: Final = 24

# How words end that say card: `myCard`, `kreditkarte`; short ones are the whole word, or any `Japan` would be one.
_CARD: Final = (
    rf"(?:{NOT_OF_OTHER_CARDS}card|karte|carte|carta|tarjeta|kaart|kort|visa|amex|maestro|diners"
    r"|discover|unionpay|account|(?<![a-z])(?:pan|cc|jcb|acct))"
)
_NUMBER: Final = r"n(?:o|r|um|umber|ummer|umero)?"
_SAYS_CARD: Final = re.compile(rf"{_CARD}(?:s|n|en)?(?:_?{_NUMBER})?(?:_?is|_?ist)?_*\Z")
_IS_NO_WORD: Final = re.compile(rf"[0-9_]*(?:[a-z]?|{_NUMBER})[0-9_]*\Z")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CARD_AFTER: Final = re.compile(rf"{_CARD}(?![a-z])|cv[vcn]|csc|cid|exp|valid|eur|gbp|usd")
_PROSE: Final = re.compile(r"[a-z]+")


def is_token(text: str, start: int, end: int) -> bool:
    """Tell whether the digits from `start` to `end` belong to a token that is letters and digits.

    That is one with digits before the letters that precede these, or long and hexadecimal throughout.
    """
    before = _before(text, start, _LETTERS_AND_DIGITS)
    if any(one in string.digits for one in before):
        return True
    whole = f"{before}{text[start:end]}{_after(text, end)}"
    return len(whole) >= _SHORTEST_HEXADECIMAL and _HEXADECIMAL.fullmatch(whole) is not None


def is_card_of_word_before(text: str, start: int, digits: str) -> bool:
    """Tell whether digits that follow a word at `start` are called a card number by it; one letter is no word.

    `card4000…`, `my_card_number_4000…` and `x4000…` are; `order_4000…` is a reference.
    """
    name = _CAMEL.sub("_", _before(text, start, f"{_LETTERS_AND_DIGITS}_")).lower()
    says_card = _IS_NO_WORD.match(name) is not None or _SAYS_CARD.search(name) is not None
    return says_card and begins_as_card(digits)


def is_card_of_word_after(text: str, end: int, digits: str) -> bool:
    """Tell whether digits before which no word stands are a card number in spite of what touches their end.

    Of references there are capitals, digits or an underscore: `4000…ORD`, `4000…_order`, but `4000…is my card`.
    """
    is_apart = text[end : end + 1] == "_"
    word = _after(text, end + is_apart)
    is_prose = _PROSE.fullmatch(word) is not None and not is_apart
    says_card = (
        is_prose
        or _IS_NO_WORD.match(word.lower()) is not None
        or _CARD_AFTER.match(word.lower()) is not None
    )
    return says_card and begins_as_card(digits)


def _before(text: str, start: int, signs: str) -> str:
    near = text[max(0, start - _FURTHEST) : start]
    return near[len(near.rstrip(signs)) :]


def _after(text: str, end: int) -> str:
    near = text[end : end + _FURTHEST]
    return near[: len(near) - len(near.lstrip(_LETTERS_AND_DIGITS))]
