"""What pages write into the addresses of other pages, read back from whatever stands there."""

from datetime import datetime

from django.utils.dateparse import parse_datetime


def read_instant(text: str) -> datetime | None:
    """Read a time with its zone, in ISO 8601; anything else is none."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
