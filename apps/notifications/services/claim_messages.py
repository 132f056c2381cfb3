"""Take due messages for one sender: from then on they may have gone out."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from apps.kernel.decoding import decoder_of
from apps.notifications.domain.contents import Line, Ordered, Told
from apps.notifications.domain.identifiers import MessageId
from apps.notifications.domain.messages import WAIT_FOR_RECIPIENT, Channel

LEASE_SECONDS = 60
"""How long a sender may take for a batch; what it has not recorded by then is unconfirmed."""
LOOK_AGAIN_SECONDS = 20
"""How often a waiting message looks for its recipient, should it have missed its arrival."""

# Time is the database's here: a worker whose clock is wrong must not take what is not due. What is
# taken falls due when its lease ends, so that one index finds the due and the abandoned.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id, customer_id, order_id FROM notifications_message
    WHERE status IN ('queued', 'waiting') AND next_at <= now() AND channel = %s
    ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE notifications_message m
SET status = CASE WHEN r.customer_id IS NOT NULL THEN 'sending'
                  WHEN m.queued_at <= now() - %s * interval '1 second' THEN 'undeliverable'
                  ELSE 'waiting' END,
    problem = CASE WHEN r.customer_id IS NULL THEN 'The customer is not known.' ELSE '' END,
    attempts = m.attempts + CASE WHEN r.customer_id IS NULL THEN 0 ELSE 1 END,
    next_at = now() + CASE WHEN r.customer_id IS NULL THEN %s ELSE %s END * interval '1 second'
FROM due
LEFT JOIN notifications_recipient r ON r.customer_id = due.customer_id
LEFT JOIN notifications_knownorder o ON o.order_id = due.order_id
WHERE m.id = due.id
RETURNING m.status, m.id, m.attempts, m.kind, m.context::text,
          r.name, r.email, r.locale, r.wants_email, o.currency, o.total_minor, o.items::text
"""
_UNCONFIRM = """
UPDATE notifications_message
SET status = 'unconfirmed',
    problem = 'Its sender stopped while sending; nobody knows whether it went out.'
WHERE status = 'sending' AND next_at <= now()
"""
_told = decoder_of(Told)
_lines = decoder_of(tuple[Line, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """A message that this sender, and nobody else, sends now; `attempt` fences its outcome."""

    message_id: MessageId
    attempt: int
    kind: str
    name: str
    to_address: str
    locale: str
    is_wanted: bool
    told: Told
    ordered: Ordered | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one look found: messages to send, and how many were looked at in all."""

    messages: list[ClaimedMessage]
    looked_at: int


def claim_messages(*, channel: Channel, at_most: int) -> Claim:
    """Take up to so many due messages of a channel, the longest due first.

    Those whose recipient is not known yet go on waiting, those that have waited for too long are
    undeliverable. The claim is committed on return: what happens to the sender after that leaves
    its messages to a person.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            [
                channel,
                at_most,
                WAIT_FOR_RECIPIENT.total_seconds(),
                LOOK_AGAIN_SECONDS,
                LEASE_SECONDS,
            ],
        )
        rows = cursor.fetchall()
    # UPDATE gives rows back in any order; ids sort by the time they were made.
    sending = sorted((row for row in rows if row[0] == "sending"), key=lambda row: row[1])
    return Claim(messages=[_claimed(row) for row in sending], looked_at=len(rows))


def unconfirm_abandoned() -> int:
    """Leave messages whose sender died to a person: they may have gone out. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCONFIRM)
        return int(cursor.rowcount)


def _claimed(row: tuple[Any, ...]) -> ClaimedMessage:
    (
        _, message_id, attempt, kind, context, name, email, locale, wants_email,
        currency, total_minor, items,
    ) = row  # fmt: skip
    return ClaimedMessage(
        message_id=message_id,
        attempt=attempt,
        kind=kind,
        name=name,
        to_address=email,
        locale=locale,
        is_wanted=wants_email,
        told=_told.decode(context),
        ordered=None
        if currency is None
        else Ordered(currency=currency, total_minor=total_minor, lines=_lines.decode(items)),
    )
