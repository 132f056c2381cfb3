"""Numbers that are certainly something else: UUIDs, and bank accounts with their check digits."""

from __future__ import annotations

import re
from typing import Final

COVER: Final = "\0"
"""Stands where something was that is no card: neither a digit nor a letter nor a mark."""
# A pattern that begins with a class is searched for faster than one that begins by looking back.
_START: Final = r"[0-9A-Fa-f](?<![0-9A-Za-z]{2})[0-9A-Fa-f]{7}"
_REST_OF_UUID: Final = r"(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_UUID: Final = re.compile(rf"{_START}{_REST_OF_UUID}(?![0-9A-Za-z])")
UUID_OR_TRACE: Final = re.compile(rf"{_START}(?:{_REST_OF_UUID}|[0-9A-Fa-f]{{24}})(?![0-9A-Za-z])")
"""Finds ids of traces too, 32 hexadecimal digits."""
# As on paper, in groups of four: https://www.iso.org/standard/81090.html
_IBAN: Final = re.compile(
    r"[A-Z](?<![0-9A-Za-z][A-Z])[A-Z][0-9]{2}(?:[ -]?[0-9A-Z]{4}){2,7}(?:[ -]?[0-9A-Z]{1,4})?(?![0-9A-Za-z])"
)

_SHORTEST_IBAN: Final = 15


def without_identifiers(text: str) -> str:
    """Cover UUIDs and IBANs in a text, which stays as long as it was; no account that more digits follow."""
    if "-" in text:
        text = _UUID.sub(covered, text)
    return _IBAN.sub(_with_its_account_covered, text)


def covered(found: re.Match[str]) -> str:
    """Give what stands in the place of what was found."""
    return COVER * len(found[0])


def _with_its_account_covered(found: re.Match[str]) -> str:
    """Cover an account, also where a word in capitals follows it that looks like more of its groups."""
    written = found[0]
    end = len(written)
    while end >= _SHORTEST_IBAN:
        if _is_iban(written[:end]):
            return COVER * end + written[end:]
        last = max(written.rfind(" ", 0, end), written.rfind("-", 0, end))
        if written[last + 1 : end].isdigit():
            # Who leaves groups of digits away may be in the middle of a card.
            break
        end = last
    return written


def _is_iban(written: str) -> bool:
    """Check the digits of an account (ISO 13616): letters count as 10 to 35, the whole is 1 modulo 97."""
    account = written.replace(" ", "").replace("-", "")
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1
