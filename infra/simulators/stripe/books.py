"""All that the simulated Stripe remembers, and the file that brings it back after a kill."""

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import assert_never

from infra.simulators.journal import Journal
from infra.simulators.stripe.journal import AnsweredLine, ChangeLine, DeliveredLine, Line
from infra.simulators.stripe.objects import (
    Answer,
    Dispute,
    Event,
    Intent,
    Kept,
    Refund,
    Subject,
)

KEY_SECONDS = 24 * 3600
MOST_EVENTS = 50_000


class Books:
    """The intents, refunds, disputes, events and answered keys. One thread uses them.

    Everything is in memory; `write` appends what is new to the journal before a client gets its
    answer, so that a process killed and started again goes on where it was.
    """

    def __init__(
        self, journal: Path | None, *, is_announced: Callable[[str], bool] = lambda one: False
    ) -> None:
        """Read the journal, if there is one, and go on writing it; None keeps nothing.

        `is_announced` tells the types of events that a receiver of webhooks waits for.
        """
        self._is_announced = is_announced
        self._new: list[Line] = []
        self._clear()
        self._journal: Journal[Line] | None = Journal(journal, Line) if journal else None
        for line in self._journal.lines() if self._journal else ():
            self._redo(line)

    def record(
        self, subject: Subject, *types: str, request_id: str | None, key: str | None
    ) -> list[Event]:
        """Make this the present state of an intent, refund or dispute, by events of these types."""
        line = ChangeLine(
            subject=subject,
            created=int(time.time()),
            events={new_name("evt"): one for one in types},
            request_id=request_id,
            key=key,
        )
        self._new.append(line)
        return self._take_change(line)

    def keep(self, kept: Kept) -> None:
        """Store the first answer to a key."""
        answer = kept.answer
        self._new.append(
            AnsweredLine(
                key=kept.key,
                fingerprint=kept.fingerprint,
                created=kept.created,
                status=answer.status,
                subject_id=answer.subject.id if answer.subject else None,
                failure=answer.failure,
                error=answer.error,
                expand=answer.expand,
            )
        )
        self._take_key(kept)

    def kept_for(self, key: str) -> Kept | None:
        """Give the stored answer to a key, unless it is older than a day."""
        kept = self._kept.get(key)
        return kept if kept and time.time() - kept.created < KEY_SECONDS else None

    def delivered(self, event_id: str) -> None:
        """Remember that the receiver has taken an event."""
        self._new.append(DeliveredLine(event_id=event_id))
        self.undelivered.pop(event_id, None)

    def write(self) -> None:
        """Put into the journal what is new since the last time."""
        if self._journal is not None:
            self._journal.append(self._new)
        self._new.clear()

    def forget_all(self) -> None:
        """Begin new books."""
        self._clear()
        self._new.clear()
        if self._journal is not None:
            self._journal.empty()

    def newest_intents(self, *, after: str | None = None) -> Iterator[Intent]:
        """Give the intents, the newest first, beginning behind one of them.

        Raises:
            KeyError: there is no such intent.
        """
        end = self._position[after] if after else len(self._names)
        return (self.intents[self._names[index]] for index in range(end - 1, -1, -1))

    def refunds_of(self, intent_id: str) -> list[Refund]:
        """Give the refunds of an intent, the newest first."""
        return [self.refunds[name] for name in reversed(self._refunds_of.get(intent_id, []))]

    def intents_of(self, payment_id: str) -> list[Intent]:
        """Give the intents that name a payment in their metadata, the newest first."""
        return [self.intents[name] for name in reversed(self.payments.get(payment_id, []))]

    def _clear(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.charges: dict[str, str] = {}
        self.payments: dict[str, list[str]] = {}
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.undelivered: dict[str, Event] = {}
        self._names: list[str] = []
        self._position: dict[str, int] = {}
        self._refunds_of: dict[str, list[str]] = {}
        self._kept: dict[str, Kept] = {}

    def _redo(self, line: Line) -> None:
        match line:
            case ChangeLine():
                self._take_change(line)
            case AnsweredLine():
                # It stands right behind the change, so the present state is that of the answer.
                answer = Answer(
                    status=line.status,
                    subject=self._subject(line.subject_id) if line.subject_id else None,
                    failure=line.failure,
                    error=line.error,
                    expand=line.expand,
                )
                self._take_key(
                    Kept(
                        key=line.key,
                        fingerprint=line.fingerprint,
                        created=line.created,
                        answer=answer,
                    )
                )
            case DeliveredLine(event_id=event_id):
                self.undelivered.pop(event_id, None)
            case _:
                assert_never(line)

    def _take_change(self, line: ChangeLine) -> list[Event]:
        self._put(line.subject)
        events = [
            Event(
                id=name,
                type=event_type,
                created=line.created,
                subject=line.subject,
                request_id=line.request_id,
                key=line.key,
            )
            for name, event_type in line.events.items()
        ]
        self.events.extend(events)
        self.undelivered.update({one.id: one for one in events if self._is_announced(one.type)})
        return events

    def _take_key(self, kept: Kept) -> None:
        self._kept[kept.key] = kept
        while kept.created - (oldest := next(iter(self._kept.values()))).created >= KEY_SECONDS:
            del self._kept[oldest.key]

    def _subject(self, name: str) -> Subject:
        return self.refunds[name] if name in self.refunds else self.intents[name]

    def _put(self, subject: Subject) -> None:
        if isinstance(subject, Dispute):
            self.disputes[subject.id] = subject
            return
        if isinstance(subject, Refund):
            if subject.id not in self.refunds:
                self._refunds_of.setdefault(subject.payment_intent, []).append(subject.id)
            self.refunds[subject.id] = subject
            return
        if subject.id not in self.intents:
            self._position[subject.id] = len(self._names)
            self._names.append(subject.id)
            self.payments.setdefault(subject.metadata.get("payment_id", ""), []).append(subject.id)
        self.intents[subject.id] = subject
        if subject.charge is not None:
            self.charges[subject.charge.id] = subject.id


def new_name(prefix: str) -> str:
    """Make a name nobody has, such as `pi_3f…`."""
    return f"{prefix}_{uuid.uuid4().hex[:24]}"
