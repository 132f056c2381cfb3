"""Do something once per key and give the same answer ever after.

The effect and the memory of its answer are one transaction, and the memory is its last statement:
`INSERT … ON CONFLICT`. Whoever is second with a key has its own attempt rolled back and is given the
first one's answer. So the usual case, a new key, costs one statement, and a repetition, which is
rare, pays for an attempt in vain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.idempotency.refusals import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    RequestInFlight,
)

REMEMBER: Final = timedelta(hours=24)
WAIT_MILLISECONDS: Final = 1000
LONGEST_KEY: Final = 255
# The record that stood in the way may expire or be purged before it is read.
_TRIES: Final = 3

# The time limit is set by the statement itself, before it meets the index, and lifted by its last
# clause: another statement would be another round trip. NULL means the session's own setting.
_REMEMBER: Final = f"""
INSERT INTO idempotency_record
    (client, key, fingerprint, status, headers, body, created_at, expires_at)
SELECT %s, %s, %s, %s, %s, %s, %s, %s
WHERE set_config('lock_timeout', '{WAIT_MILLISECONDS}', true) <> ''
ON CONFLICT (client, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at
WHERE idempotency_record.expires_at <= excluded.created_at
RETURNING set_config('lock_timeout', NULL, true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered.

    Attributes:
        status: the HTTP status.
        body: the bytes.
        headers: further headers.
        is_replay: it was given before; nothing happened this time.

    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    is_replay: bool = False


class _NotRemembered(Exception):
    """Roll back an attempt: either somebody was first, or the answer is a refusal."""

    def __init__(self, refusal: Answer | None = None) -> None:
        super().__init__()
        self.refusal = refusal


def valid_key(key: str | None) -> str:
    """Give the key back where it is one.

    Raises:
        IdempotencyKeyMissing: there is none.
        IdempotencyKeyInvalid: it is empty, longer than 255 or not printable ASCII.

    """
    if key is None:
        raise IdempotencyKeyMissing
    # The web server hands a header that is not ASCII on as an empty one.
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid
    return key


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """Give the SHA-256 of a request; a repetition has the same, byte for byte."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).digest()


def answer_once(
    *, client: str, key: str, fingerprint: bytes, now: datetime, effect: Callable[[], Answer]
) -> Answer:
    """Run `effect` in a transaction, remember its answer for 24 hours, and give it.

    Called again with the same client, key and fingerprint it gives the same answer, marked as a
    replay, and changes nothing. `effect` may run in vain then: it must do nothing outside the
    transaction, except through `transaction.on_commit`. Whatever it raises, and an answer of 400 or
    more, leaves neither effect nor memory.

    Raises:
        IdempotencyKeyInvalid: see `valid_key`.
        IdempotencyKeyReused: the key was sent with another fingerprint.
        RequestInFlight: another attempt holds the key for longer than a second.

    """
    valid_key(key)
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                answer = effect()
                if answer.status >= 400:
                    raise _NotRemembered(answer)
                _remember(client, key, fingerprint, now, answer)
                return answer
        except _NotRemembered as reason:
            remembered = _recall(client, key, fingerprint, now) or reason.refusal
            if remembered is not None:
                return remembered
        except (OperationalError, InterfaceError, RequestInFlight):
            raise
        except Exception:
            # The effect may refuse because the first attempt succeeded: it is refunded already.
            remembered = _recall(client, key, fingerprint, now)
            if remembered is None:
                raise
            return remembered
    raise RequestInFlight


def _remember(client: str, key: str, fingerprint: bytes, now: datetime, answer: Answer) -> None:
    row = (
        client,
        key,
        fingerprint,
        answer.status,
        msgspec.json.encode(answer.headers).decode(),
        answer.body,
        now,
        now + REMEMBER,
    )
    with connection.cursor() as cursor:
        try:
            cursor.execute(_REMEMBER, row)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise RequestInFlight from error
            raise
        if cursor.fetchone() is None:
            raise _NotRemembered


def _recall(client: str, key: str, fingerprint: bytes, now: datetime) -> Answer | None:
    record = IdempotencyRecord.objects.filter(client=client, key=key, expires_at__gt=now).first()
    if record is None:
        return None
    if bytes(record.fingerprint) != fingerprint:
        raise IdempotencyKeyReused
    return Answer(
        status=record.status, body=bytes(record.body), headers=record.headers, is_replay=True
    )
