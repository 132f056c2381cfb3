"""Judge digits that touch letters: a card number in a word, a reference, or a part of a token."""

from __future__ import annotations

import re
import string
from typing import Final

_LETTERS_AND_DIGITS: Final = string.ascii_letters + string.digits
_FOLLOWING: Final = re.compile(r"[0-9A-Za-z]{0,64}")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_FURTHEST: Final = 64
# Of the ids that are written in hexadecimal, those of documents in databases are the shortest.
_SHORTEST_HEXADECIMAL: Final = 24
_AS_CARDS: Final = re.compile(
    r"(?=[0-9]{15,16}\Z)(?:2[2-7]|3[47]|4|5[1-5]|6)|(?=[0-9]{16}\Z)(?:3[05689]|5[0678])"
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CARD_WORDS: Final = frozenset(
    {
        *(
            "card",
            "cardno",
            "cardnr",
            "cardnum",
            "cardnumber",
            "bankcard",
            "creditcard",
            "debitcard",
        ),
        *("pan", "cc", "ccno", "ccnr", "ccnum", "ccnumber", "acct"),
        *("visa", "mastercard", "amex", "maestro", "diners", "jcb", "unionpay"),
        *("karte", "carte", "carta", "tarjeta", "kaart", "kort"),
    }
)
_NUMBER_WORDS: Final = frozenset({"no", "nr", "num", "number"})
# Cards that shops give out have numbers of their own.
_OTHER_CARDS: Final = frozenset({"bonus", "gift", "loyalty"})
_WORDS_AFTER: Final = _CARD_WORDS | frozenset(
    {
        *("cvv", "cvc", "cvn", "csc", "cid", "exp", "expires", "expiry", "valid"),
        *("eur", "gbp", "usd"),
    }
)


def is_token(text: str, start: int, end: int) -> bool:
    """Tell whether the digits from `start` to `end` belong to a token that is letters and digits.

    That is one with digits before the letters that precede these, or long and hexadecimal throughout.
    """
    before = _word_before(text, start)
    if any(one in string.digits for one in before):
        return True
    following = _FOLLOWING.match(text, end)
    whole = f"{before}{text[start:end]}{following[0] if following else ''}"
    return len(whole) >= _SHORTEST_HEXADECIMAL and _HEXADECIMAL.fullmatch(whole) is not None


def is_card_of_word_before(text: str, start: int, digits: str) -> bool:
    """Tell whether digits that follow a word at `start` are called a card number by it; one letter is no word.

    `card4000…`, `card_number_4000…` and `x4000…` are; `order_4000…` is a reference.
    """
    near = text[max(0, start - _FURTHEST) : start]
    name = near[len(near.rstrip(_LETTERS_AND_DIGITS + "_")) :]
    return _AS_CARDS.match(digits) is not None and _says_card(
        [word.lower() for word in _WORD.findall(name)]
    )


def is_card_of_word_after(text: str, end: int, digits: str) -> bool:
    """Tell whether digits before which no word stands are a card number in spite of what touches their end."""
    following = _FOLLOWING.match(text, end + 1 if text[end : end + 1] == "_" else end)
    words = _WORD.findall(following[0]) if following else []
    is_no_word = not words or len(words[0]) == 1
    return _AS_CARDS.match(digits) is not None and (is_no_word or words[0].lower() in _WORDS_AFTER)


def _says_card(words: list[str]) -> bool:
    """Judge the words of a name; `number` is that of a card unless it is said of what."""
    if words and words[-1] in _NUMBER_WORDS:
        words = words[:-1]
        if not words:
            return True
    if not words or (len(words) == 1 and len(words[0]) == 1):
        return True
    return words[-1] in _CARD_WORDS and not _OTHER_CARDS.intersection(words[:-1])


def _word_before(text: str, start: int) -> str:
    near = text[max(0, start - _FURTHEST) : start]
    return near[len(near.rstrip(_LETTERS_AND_DIGITS)) :]
