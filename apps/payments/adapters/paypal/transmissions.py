"""What travels with a message of PayPal's: who signed it, when, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from apps.payments.ports import MessageRefused

ALGORITHM = "SHA256withRSA"
OLDEST = timedelta(days=4)
"""How old a message may be: PayPal repeats one for three days, perhaps with its first time."""
CLOCKS_DIFFER_BY = timedelta(minutes=5)
LONGEST_FIELD = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """The headers of one delivery; `time` is as it was written, since it is part of what was signed."""

    id: str
    time: str
    signature: str
    certificate_url: str

    @classmethod
    def of(cls, headers: Mapping[str, str], now: datetime) -> Self:
        """Read the headers, whose names are in lower case.

        Raises:
            MessageRefused: one is missing or odd, or the message was sent too long ago.
        """
        algorithm, name, time, signature, url = (
            headers.get(f"paypal-{field}", "")
            for field in (
                *("auth-algo", "transmission-id", "transmission-time"),
                *("transmission-sig", "cert-url"),
            )
        )
        fields = (name, time, signature, url)
        if not all(one and one.isascii() and len(one) <= LONGEST_FIELD for one in fields):
            raise MessageRefused("The message is not signed as PayPal's are.")
        if algorithm != ALGORITHM:
            raise MessageRefused("The message is signed in a way that PayPal does not use.")
        _insist_on_age(time, now)
        return cls(id=name, time=time, signature=signature, certificate_url=url)


def _insist_on_age(time: str, now: datetime) -> None:
    try:
        sent_at = datetime.fromisoformat(time)
    except ValueError as error:
        raise MessageRefused("The message does not say when it was sent.") from error
    if sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=UTC)
    if not -CLOCKS_DIFFER_BY <= now - sent_at <= OLDEST:
        raise MessageRefused("The message was sent too long ago, or in the future.")
