"""Send what is due: claim, commit, put into words, hand over, record."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.notifications.adapters.registry import channel_named
from apps.notifications.domain.messages import GIVE_UP_AFTER, Channel, MessageStatus
from apps.notifications.domain.wording import locale_or_fallback
from apps.notifications.ports import Accepted, Letter, NotSent, Outcome, OutcomeUnknown, Refused
from apps.notifications.services.claim_messages import (
    ClaimedMessage,
    claim_messages,
    unconfirm_abandoned,
)
from apps.notifications.services.rendering import render
from apps.platform.bulk.rows import encode, table
from apps.platform.resilience.backoff import delay_seconds

BATCH = 50
"""Messages over one connection; also how many a dying sender leaves unconfirmed at most."""
PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""How long to wait for a database that is away before an outcome is recorded after all."""

log = structlog.get_logger(__name__)

_COLUMNS = {
    "id": "uuid",
    "attempt": "int",
    "status": "text",
    "pause_seconds": "float",
    "locale": "text",
    "to_address": "text",
    "subject": "text",
    "provider_id": "text",
    "problem": "text",
}
# A sender that was slow rather than dead may still say how it ended, unless a person has had the
# message sent again by then: that was a new attempt.
_RECORD = f"""
UPDATE notifications_message m
SET status = CASE WHEN v.status = 'queued' AND m.queued_at < now() - %s * interval '1 second'
                  THEN 'failed' ELSE v.status END,
    next_at = now() + v.pause_seconds * interval '1 second',
    locale = v.locale, to_address = v.to_address, subject = v.subject,
    provider_id = v.provider_id, problem = v.problem,
    sent_at = CASE WHEN v.status = 'sent' THEN now() ELSE m.sent_at END
FROM {table(_COLUMNS)} AS v
WHERE m.id = v.id AND m.attempts = v.attempt AND m.status IN ('sending', 'unconfirmed')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How one attempt ended; `letter` is None where there was nothing to hand over."""

    message: ClaimedMessage
    letter: Letter | None
    outcome: Outcome


def send_messages(*, channel: Channel = Channel.EMAIL, seconds: float = 5.0) -> int:
    """Send what is due over a channel until nothing is, or the time is up; returns how many went out.

    Several senders may run at once. A message is never sent twice by itself: one whose sender died
    after claiming it becomes `unconfirmed`. When the provider cannot be reached, messages are due
    again after a pause that grows to a minute, for a day.
    """
    unconfirm_abandoned()
    deadline = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < deadline:
        claim = claim_messages(channel=channel, at_most=BATCH)
        ended = _deliver(channel, claim.messages)
        _record(ended)
        sent += sum(isinstance(one.outcome, Accepted) for one in ended)
        # A provider that takes nothing gets a rest until the next wake-up.
        is_away = bool(ended) and all(isinstance(one.outcome, NotSent) for one in ended)
        if claim.looked_at < BATCH or is_away:
            break
    return sent


def _deliver(channel: Channel, messages: Sequence[ClaimedMessage]) -> list[_Ended]:
    ended = []
    written = []
    for message in messages:
        prepared = _prepare(message)
        if isinstance(prepared, Letter):
            written.append((message, prepared))
        else:
            ended.append(_Ended(message=message, letter=None, outcome=prepared))
    if written:
        outcomes = channel_named(channel).deliver([letter for _, letter in written])
        ended += [
            _Ended(message=message, letter=letter, outcome=outcome)
            for (message, letter), outcome in zip(written, outcomes, strict=True)
        ]
    return ended


def _prepare(message: ClaimedMessage) -> Letter | Refused:
    if not message.is_wanted:
        return Refused(detail="The customer does not want email.", is_address_at_fault=True)
    try:
        words = render(
            kind=message.kind,
            locale=message.locale,
            name=message.name,
            told=message.told,
            ordered=message.ordered,
        )
    except Exception as error:
        # One message that cannot be put into words must not take the batch with it.
        log.exception("message_not_rendered", message_id=str(message.message_id))
        return Refused(detail=f"Not rendered: {type(error).__name__}", is_address_at_fault=False)
    return Letter(
        message_id=message.message_id,
        attempt=message.attempt,
        to_address=message.to_address,
        subject=words.subject,
        text=words.text,
        html=words.html,
    )


def _record(ended: Sequence[_Ended]) -> None:
    if not ended:
        return
    rows = encode([_row(one) for one in ended])
    for pause_seconds in (*PAUSES_SECONDS, None):
        try:
            with connection.cursor() as cursor:
                cursor.execute(_RECORD, [GIVE_UP_AFTER.total_seconds(), rows])
            return
        except (OperationalError, InterfaceError):
            if pause_seconds is None:
                raise
            # What went out is known here alone: wait for the database, within the lease.
            connection.close()
            time.sleep(pause_seconds)


def _row(one: _Ended) -> tuple[object, ...]:
    """Give an ending in the order of the columns."""
    status, provider_id, problem = _meaning(one.outcome)
    pause_seconds = 0.0
    if status is MessageStatus.QUEUED:
        # At least half of the wait, so that a crowd neither comes back at once nor as one.
        wait = delay_seconds(one.message.attempt)
        pause_seconds = wait * (0.5 + random.random() / 2)
    return (
        one.message.message_id,
        one.message.attempt,
        status,
        pause_seconds,
        locale_or_fallback(one.message.locale),
        one.letter.to_address if one.letter else "",
        one.letter.subject if one.letter else "",
        provider_id,
        problem,
    )


def _meaning(outcome: Outcome) -> tuple[MessageStatus, str, str]:
    match outcome:
        case Accepted():
            return MessageStatus.SENT, outcome.provider_id, ""
        case Refused(is_address_at_fault=True):
            return MessageStatus.UNDELIVERABLE, "", outcome.detail
        case Refused():
            return MessageStatus.FAILED, "", outcome.detail
        case NotSent():
            return MessageStatus.QUEUED, "", outcome.detail
        case OutcomeUnknown():
            return MessageStatus.UNCONFIRMED, "", outcome.detail
        case _:
            assert_never(outcome)
