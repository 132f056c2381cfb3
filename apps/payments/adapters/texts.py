"""What is kept of the texts that a provider sends."""

import re

LONGEST_TEXT = 200
LONGEST_CODE = 64
_LONG_NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){5,}")
"""No provider's reasons are numbered so high: it could be part of a card's number, or of an account's."""


def kept(text: str, longest: int = LONGEST_TEXT) -> str:
    """Shorten a text and leave out what no table takes: the words in a message are not always signed."""
    return "".join(one for one in text[:longest] if one.isprintable())


def text_at(told: object, *path: str) -> str:
    """Give a text out of an object that a provider sent; empty where it is missing, null or no text."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""


def code_kept(*said: str | None) -> str:
    """Join what a provider calls its reason, its number and its word, to a code of at most 64 characters."""
    text = " ".join(one.strip() for one in said if one and one.strip())
    return kept(_LONG_NUMBER.sub("…", text), LONGEST_CODE)
