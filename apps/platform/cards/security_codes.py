"""How security codes are named: three or four digits are one only where they are called one, `"cvv": "123"`."""

from __future__ import annotations

import re
from typing import Final

from apps.platform.cards.writing import LIST_MARKS, NOT_OF_OTHER_CARDS

# All begin with one class: it is searched for faster than words are.
_WORD: Final = re.compile(r"[csv](?:v[vcnd]|sc|id(?<=cid)|av2|ard[ _-]?code|ecurity|erification)")
_ENDING: Final = r"(?:[ _-]?(?:code|number|value|no|nr))?"
_PLAIN_NAME: Final = (
    rf"(?:(?:card[ _-]?)?(?:cv[vcn]2?|(?:security|verification)[ _-]?(?:code|value)){_ENDING}"
    r"|card[ _-]?verification[ _-]?number)"
)
# These mean other things too: courses, companies, models, and the codes of gift cards. In small
# letters `cid` is what programs call a customer, a campaign or a channel.
_UNSURE_NAME: Final = (
    rf"(?:card[ _-]?)?(?:cvd2?|csc2?|(?-i:CID)|cav2){_ENDING}"
    rf"|(?<![0-9a-z][_-]){NOT_OF_OTHER_CARDS}card[ _-]?code"
)
# Names may end so as well: `paymentCvc`, `newCVV`, `creditCardSecurityCode`.
_WORD_START: Final = r"(?:(?<![0-9a-z])|(?-i:(?<=[a-z])(?=[CS])))"
CODE_NAME: Final = rf"{_WORD_START}(?:{_PLAIN_NAME}|{_UNSURE_NAME})"
"""To be compiled without regard to case, for ASCII."""
_SAID: Final = r"[\"']?\s{0,4}(?:[:=>]{1,2}|ist?\b:?)\s{0,4}[\"'(\[ ]{0,3}"
# `cvv` means nothing else: it needs no more than to stand before the digits.
CODE: Final = re.compile(
    rf"(?P<name>{_WORD_START}(?:{_PLAIN_NAME}(?:{_SAID}|[\s\"'(\[]{{1,8}})"
    rf"|(?:{_UNSURE_NAME})(?:{_SAID}|\s{{0,4}}[\"'])|cvv2?{_ENDING}[\s{LIST_MARKS}]{{0,5}}))"
    r"[0-9]{3,4}(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,
)


def may_name_security_code(text: str) -> bool:
    """Tell whether a text holds a word that such names have; cheap, and to be asked first."""
    return _WORD.search(text.lower()) is not None
