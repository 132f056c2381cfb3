"""All that the simulated Adyen remembers, and the file that brings it back after a kill."""

import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

from msgspec import Struct

from infra.simulators.adyen.objects import (
    REPORT_AVAILABLE,
    Dispute,
    Kept,
    Modification,
    Notice,
    Payment,
    Subject,
    report_of,
)
from infra.simulators.journal import Journal

KEY_SECONDS = 7 * 24 * 3600


class ChangeLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """Payments, modifications and disputes in their new state, and the news of that."""

    subjects: list[Subject]
    notices: list[Notice] = []


class DeliveredLine(Struct, frozen=True, kw_only=True, tag="delivered"):
    """The receiver of webhooks has taken a notice."""

    notice_id: str


Line = ChangeLine | Kept | DeliveredLine


class Books:
    """The payments, modifications, disputes, news and answered keys. One thread uses them.

    Everything is in memory; `write` appends what is new to the journal before a client gets its
    answer, so that a process killed and started again goes on where it was.
    """

    def __init__(self, journal: Path | None) -> None:
        """Read the journal, if there is one, and go on writing it; None keeps nothing."""
        self._new: list[Line] = []
        self._clear()
        self._journal: Journal[Line] | None = Journal(journal, Line) if journal else None
        for line in self._journal.lines() if self._journal else ():
            self._redo(line)

    def record(self, *subjects: Subject, notices: Sequence[Notice] = ()) -> None:
        """Make these the present states, with the news of that."""
        line = ChangeLine(subjects=list(subjects), notices=list(notices))
        self._new.append(line)
        self._redo(line)

    def keep(self, kept: Kept) -> None:
        """Store the first answer to a key."""
        self._new.append(kept)
        self._redo(kept)

    def kept_for(self, key: str) -> Kept | None:
        """Give the stored answer to a key, unless it is older than seven days."""
        kept = self._kept.get(key)
        return kept if kept and time.time() - kept.created < KEY_SECONDS else None

    def delivered(self, notice: Notice) -> None:
        """Remember that the receiver has taken a notice."""
        line = DeliveredLine(notice_id=notice.id)
        self._new.append(line)
        self._redo(line)

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

    def references(self) -> list[str]:
        """Give the merchant's references of all payments, the oldest first."""
        return list(self._by_reference)

    def payments_of(self, reference: str) -> list[Payment]:
        """Give the payments with a reference of the merchant's, the oldest first."""
        return [self.payments[name] for name in self._by_reference.get(reference, ())]

    def modifications_of(self, payment_id: str) -> Iterator[Modification]:
        """Give what was asked to be done with a payment, the oldest first."""
        return (one for one in self.modifications.values() if one.payment == payment_id)

    def disputes_of(self, payment_id: str) -> Iterator[Dispute]:
        """Give the disputes of a payment, the oldest first."""
        return (one for one in self.disputes.values() if one.payment == payment_id)

    def reports_due(self) -> list[tuple[str, str]]:
        """Give merchant and name of the reports that have a row and were not announced yet."""
        return sorted(self._reports - self._announced)

    def _clear(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.modifications: dict[str, Modification] = {}
        self.disputes: dict[str, Dispute] = {}
        self.results: dict[str, str] = {}
        self.undelivered: dict[str, Notice] = {}
        self._by_reference: dict[str, list[str]] = {}
        self._kept: dict[str, Kept] = {}
        self._reports: set[tuple[str, str]] = set()
        self._announced: set[tuple[str, str]] = set()

    def _redo(self, line: Line) -> None:
        match line:
            case ChangeLine():
                for subject in line.subjects:
                    self._put(subject)
                self.undelivered.update({one.id: one for one in line.notices})
                self._announced.update(
                    (one.merchant, one.psp_reference)
                    for one in line.notices
                    if one.event == REPORT_AVAILABLE
                )
            case Kept():
                self._kept[line.key] = line
            case DeliveredLine():
                self.undelivered.pop(line.notice_id, None)
            case _:
                assert_never(line)

    def _put(self, subject: Subject) -> None:
        match subject:
            case Payment():
                if subject.id not in self.payments:
                    self._by_reference.setdefault(subject.reference, []).append(subject.id)
                self.payments[subject.id] = subject
                if subject.redirect_result:
                    self.results[subject.redirect_result] = subject.id
            case Modification():
                self.modifications[subject.id] = subject
                self._expect_reports(subject)
            case Dispute():
                self.disputes[subject.id] = subject
                self._expect_reports(subject)
            case _:
                assert_never(subject)

    def _expect_reports(self, moved: Modification | Dispute) -> None:
        payment = self.payments.get(moved.payment)
        if payment is not None:
            self._reports.update((payment.merchant, report_of(day)) for day in moved.settled_on)


def new_reference() -> str:
    """Make a name of 16 characters that nobody has, as Adyen's are."""
    return secrets.token_hex(8).upper()
