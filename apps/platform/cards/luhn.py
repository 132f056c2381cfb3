"""The check digit of card numbers (ISO/IEC 7812)."""

from typing import Final

# Subtracting the ASCII zero is left to one subtraction over the whole sum.
_DOUBLED: Final = bytes(
    48 + (2 * (code - 48) - (9 if code > 52 else 0)) if 48 <= code <= 57 else 0
    for code in range(256)
)


def passes_luhn(digits: bytes) -> bool:
    """Tell whether the last of these ASCII digits checks the others, as on every payment card."""
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)
    return total % 10 == 0
