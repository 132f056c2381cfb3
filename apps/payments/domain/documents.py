"""The documents that customers get about their money, and how they are numbered."""

from enum import StrEnum


class DocumentKind(StrEnum):
    """What a document says: a receipt that money was taken, a credit note that it went back."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


PREFIXES = {DocumentKind.RECEIPT: "R", DocumentKind.CREDIT_NOTE: "C"}
"""How the series of each kind begin; behind it comes the year of the movement."""
DIGITS = 6
"""The least digits of a number, so that numbers of a series sort as text; more are no harm."""


def number_of(series: str, nth: int) -> str:
    """Write the number of a document: R-2026-000001 is the first receipt of its year."""
    return f"{series}-{nth:0{DIGITS}}"


def parts_of(number: str) -> tuple[str, int] | None:
    """Take a number apart, as people type it, into its series and its place there; None if it is none."""
    series, _, nth = number.strip().upper().rpartition("-")
    is_number = nth.isascii() and nth.isdecimal() and len(nth) <= 18
    return (series, int(nth)) if series and is_number else None
