"""Give requests of the same moment their answers in one transaction, each still once per key.

The usual case is done together: every key is new and nothing is refused. Whatever is not usual (a
repetition, a refusal, a lost connection) leaves nothing behind here and is answered alone, as
`answering` does it: each request is judged by one set of rules, whoever came along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db import connection, transaction

from apps.kernel.errors import DomainError
from apps.platform.bulk.gathering import Gathering
from apps.platform.bulk.rows import encode, table
from apps.platform.idempotency.answering import REMEMBER, WAIT_MILLISECONDS, Answer, answer_once

Asked = TypeVar("Asked")
Rows = TypeVar("Rows")

_COLUMNS: Final = {
    "client": "text",
    "key": "text",
    "fingerprint": "bytea",
    "status": "smallint",
    "headers": "jsonb",
    "body": "bytea",
    "created_at": "timestamptz",
    "expires_at": "timestamptz",
}
# In the order of the keys, so that two processes with the same ones cannot wait for each other.
_REMEMBER_ALL: Final = f"""
INSERT INTO idempotency_record
    (client, key, fingerprint, status, headers, body, created_at, expires_at)
SELECT client, key, fingerprint, status, headers, body, created_at, expires_at
FROM {table(_COLUMNS)} AS v
WHERE set_config('lock_timeout', '{WAIT_MILLISECONDS}', true) <> ''
ORDER BY client, key
ON CONFLICT (client, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at
WHERE idempotency_record.expires_at <= excluded.created_at
RETURNING client, key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Generic[Asked]):
    """One request, with what `answer_once` wants to know of it."""

    client: str
    key: str
    fingerprint: bytes
    now: datetime
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Generic[Rows]):
    """What a request will be answered, and what has to be written for that to be true."""

    answer: Answer
    rows: Rows


class Together(Generic[Asked, Rows]):
    """Answers requests of one kind.

    `draft` reads and decides, for several at once, and writes nothing; a refusal stands in the place
    of what is refused. `write` makes the drafts true, in the same transaction.
    """

    def __init__(
        self,
        *,
        draft: Callable[[Sequence[Asked]], Sequence[Draft[Rows] | DomainError]],
        write: Callable[[Sequence[Rows]], None],
    ) -> None:
        """Keep the two steps."""
        self._draft = draft
        self._write = write
        self._gathering: Gathering[Attempt[Asked], Answer] = Gathering(self._answer_all)

    def answer(self, attempt: Attempt[Asked]) -> Answer:
        """Answer one request; promises, repeats and refusals are those of `answer_once`."""
        answer = self._gathering.ask(attempt)
        if answer is not None:
            return answer
        return answer_once(
            client=attempt.client,
            key=attempt.key,
            fingerprint=attempt.fingerprint,
            now=attempt.now,
            effect=lambda: self._answer_alone(attempt.asked),
        )

    def _answer_alone(self, asked: Asked) -> Answer:
        (draft,) = self._draft([asked])
        if isinstance(draft, DomainError):
            raise draft
        self._write([draft.rows])
        return draft.answer

    def _answer_all(self, attempts: Sequence[Attempt[Asked]]) -> list[Answer | None]:
        with transaction.atomic():
            drafts = self._draft([attempt.asked for attempt in attempts])
            usual: dict[tuple[str, str], tuple[Attempt[Asked], Draft[Rows]]] = {}
            for attempt, draft in zip(attempts, drafts, strict=True):
                if not isinstance(draft, DomainError):
                    usual.setdefault((attempt.client, attempt.key), (attempt, draft))
            new = _remember_all(list(usual.values()))
            answered = {id(attempt): draft for key, (attempt, draft) in usual.items() if key in new}
            self._write([draft.rows for draft in answered.values()])
        return [
            answered[id(attempt)].answer if id(attempt) in answered else None
            for attempt in attempts
        ]


def _remember_all(drafted: Sequence[tuple[Attempt[Asked], Draft[Rows]]]) -> set[tuple[str, str]]:
    """Remember the answers and give the keys that were new."""
    if not drafted:
        return set()
    records = [
        (
            attempt.client,
            attempt.key,
            f"\\x{attempt.fingerprint.hex()}",
            draft.answer.status,
            draft.answer.headers,
            f"\\x{draft.answer.body.hex()}",
            attempt.now,
            attempt.now + REMEMBER,
        )
        for attempt, draft in drafted
    ]
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER_ALL, [encode(records)])
        return set(cursor.fetchall())
