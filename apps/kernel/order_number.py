"""Order numbers: short, read over the telephone, not to be guessed, and checked.

A number such as `7KQ3-M2XP-C` is a running sequence, shuffled under a secret and written in
Crockford's base 32, which has no I, L, O or U, with a check character at the end.
"""

import hashlib
from typing import ClassVar

from apps.kernel.errors import DomainError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE_OF = {character: value for value, character in enumerate(_ALPHABET)}
_DATA_CHARACTERS = 8
_SEQUENCE_BITS = 40
_HALF_BITS = _SEQUENCE_BITS // 2
_HALF_MASK = (1 << _HALF_BITS) - 1
# Four rounds make a Feistel network hard to tell from chance while few numbers are known; on halves
# as short as these, twice as many keep it so for somebody who collects numbers.
_ROUNDS = 8
_MIN_SECRET_BYTES = 16

# What people write and keyboards insert, to what was meant; other text stays and is refused.
_AS_MEANT = str.maketrans(
    {character.lower(): character for character in _ALPHABET}
    | dict.fromkeys("Oo", "0")
    | dict.fromkeys("IiLl", "1")
    | dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2212", "")
)


class InvalidOrderNumber(DomainError):
    """The text is no order number of ours; ask for it again, a character was probably misread."""

    code: ClassVar[str] = "invalid_order_number"


class OrderNumbers:
    """The order numbers of one shop, one for each sequence from 0 to 2⁴⁰ - 1 and back.

    The secret must stay the same for the life of the shop: under another one, new sequences would
    sooner or later be given numbers that are already printed on somebody's invoice.
    """

    MAX_SEQUENCE: ClassVar[int] = (1 << _SEQUENCE_BITS) - 1

    def __init__(self, secret: bytes) -> None:
        """Prepare the shuffle.

        Raises:
            ValueError: the secret is shorter than 16 bytes.
        """
        if len(secret) < _MIN_SECRET_BYTES:
            raise ValueError(f"the secret needs {_MIN_SECRET_BYTES} bytes or more")
        key = hashlib.blake2b(secret, digest_size=32, person=b"order-number").digest()
        self._rounds = tuple(
            hashlib.blake2s(key=key, digest_size=4, person=b"round-%d" % number)
            for number in range(_ROUNDS)
        )

    def number_for(self, sequence: int) -> str:
        """Give the number of a sequence, always the same and shared with no other sequence.

        Raises:
            ValueError: the sequence is negative or above `MAX_SEQUENCE`.
        """
        if not 0 <= sequence <= self.MAX_SEQUENCE:
            raise ValueError(f"no order number for sequence {sequence}")
        left, right = sequence >> _HALF_BITS, sequence & _HALF_MASK
        for number in range(_ROUNDS):
            left, right = right, left ^ self._scramble(number, right)
        shuffled = left << _HALF_BITS | right
        return _written(
            [shuffled >> shift & 31 for shift in range(_SEQUENCE_BITS - 5, -1, -5)],
        )

    def sequence_of(self, number: str) -> int:
        """Give the sequence of a number as a person wrote it; it need not have been used yet.

        Raises:
            InvalidOrderNumber: see `normalise`.
        """
        shuffled = 0
        for value in _values_of(number):
            shuffled = shuffled << 5 | value
        left, right = shuffled >> _HALF_BITS, shuffled & _HALF_MASK
        for round_number in reversed(range(_ROUNDS)):
            left, right = right ^ self._scramble(round_number, left), left
        return left << _HALF_BITS | right

    def _scramble(self, round_number: int, half: int) -> int:
        keyed = self._rounds[round_number].copy()
        keyed.update(half.to_bytes(3, "big"))
        return int.from_bytes(keyed.digest(), "big") & _HALF_MASK


def normalise(text: str) -> str:
    """Write an order number as we write it: `7kq3 m2xp-c` becomes `7KQ3-M2XP-C`.

    Case, spaces and dashes do not matter; O is read as 0, I and L as 1. Any one wrong character
    and any two that changed places are noticed. Normalising again changes nothing.

    Raises:
        InvalidOrderNumber: wrong length, an impossible character, or the check fails.
    """
    return _written(_values_of(text))


def _values_of(text: str) -> list[int]:
    characters = "".join(text.split()).translate(_AS_MEANT)
    values = [_VALUE_OF.get(character, -1) for character in characters]
    if (
        len(values) != _DATA_CHARACTERS + 1
        or min(values) < 0
        or _check_value(values[:-1]) != values[-1]
    ):
        raise InvalidOrderNumber("This is not an order number; please check it for slips.")
    return values[:-1]


def _written(values: list[int]) -> str:
    data = "".join(_ALPHABET[value] for value in values)
    return f"{data[:4]}-{data[4:]}-{_ALPHABET[_check_value(values)]}"


def _double(value: int) -> int:
    """Multiply by x in the field of 32 elements, modulo x⁵ + x² + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def _check_value(values: list[int]) -> int:
    """Weigh each character with another power of x and add them up.

    The check itself weighs 1. No weight is zero, so one changed character changes the sum; no two
    are equal, so neither do any two characters change places unnoticed.
    """
    total = 0
    for value in values:
        total = _double(total ^ value)
    return total
