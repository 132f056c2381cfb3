"""What the numbers of cards begin with, by their length: the ranges that the schemes have published.

They are written down from public lists, not from a provider's table. Maestro may have 13 to 15 digits too, of which
only the beginnings that are known to be used count: numbers so short are mostly something else.
"""

from __future__ import annotations

import re
from typing import Final

_VISA: Final = "4"
_MASTERCARD: Final = "222[1-9]|22[3-9]|2[3-6]|27[01]|2720|5[1-5]"
_AMEX: Final = "3[47]"
_DINERS: Final = "30[0-5]|3095|3[689]"
_JCB: Final = "352[89]|35[3-8]"
_MAESTRO: Final = "50|5[6-8]|6"
_SHORT_MAESTRO: Final = "5018|5020|5038|5893|6304|6759|676[1-3]"
_MIR: Final = "220[0-4]"
_TROY: Final = "9792"
# With those of Maestro, all beginnings of Discover, UnionPay and RuPay.
_OTHERS_OF_ASIA: Final = "8[12]"
_LONG: Final = (_DINERS, _JCB, _MAESTRO, _MIR, _OTHERS_OF_ASIA)

_BY_LENGTH: Final = {
    length: re.compile("|".join(starts))
    for length, starts in {
        13: (_VISA, _SHORT_MAESTRO),
        14: (_DINERS, _SHORT_MAESTRO),
        15: (_AMEX, _SHORT_MAESTRO),
        16: (_VISA, _MASTERCARD, _TROY, *_LONG),
        17: _LONG,
        18: _LONG,
        19: (_VISA, *_LONG),
    }.items()
}
SHORTEST: Final = min(_BY_LENGTH)
LONGEST: Final = max(_BY_LENGTH)


def begins_as_card(digits: str) -> bool:
    """Tell whether 13 to 19 digits begin as those of a card of this length do."""
    return _BY_LENGTH[len(digits)].match(digits) is not None
