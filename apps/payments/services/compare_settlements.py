"""Compare what providers reported with the ledger, payment by payment, and keep the differences."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.settlements import (
    SIDES,
    Difference,
    DifferenceKind,
    Movement,
    Reported,
    SettlementKind,
    Side,
    compare,
)
from apps.payments.models import SettlementLineRecord
from apps.payments.services.keep_differences import (
    PaymentDifference,
    keep_differences,
    list_known_differences,
)
from apps.payments.services.movements import LedgerMovement, list_movements


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Which movements the provider must have reported by now: those from one instant to another."""

    since: datetime
    before: datetime


def compare_settlements(
    *,
    provider: str,
    payment_ids: Collection[PaymentId],
    line_ids: Collection[int] = (),
    patience: Patience,
    now: datetime,
) -> None:
    """Compare all that is known of these payments, and of lines that belong to none.

    What differs becomes a row, once; what was open and agrees by now is explained. Within a
    transaction of the caller's. A constant number of statements.
    """
    lines = _lines_of(provider, payment_ids, line_ids)
    movements = list_movements(provider, payment_ids)
    reported = _sum_up(lines, movements)
    known = list_known_differences(provider, payment_ids, {_subject(line) for line in lines})
    waiting_for = {one.subject for one in known if one.is_open}
    found = [
        *_differences_of_payments(movements, reported, patience, waiting_for),
        *_differences_of_strangers(movements, reported),
    ]
    keep_differences(provider=provider, found=found, known=known, now=now)


def _lines_of(
    provider: str, payment_ids: Collection[PaymentId], line_ids: Collection[int]
) -> list[SettlementLineRecord]:
    """Give all lines of the payments, and those without one that tell of the same as the named ones."""
    told = SettlementLineRecord.objects.filter(provider=provider, kind__in=list(SIDES))
    lines = list(told.filter(payment_id__in=payment_ids).order_by("id"))
    strangers = list(told.filter(id__in=line_ids, payment=None).values_list("reference", flat=True))
    # One after the other: joined by an OR, the whole table would be read.
    return lines + list(told.filter(payment=None, reference__in=strangers).order_by("id"))


Key = tuple[PaymentId | None, str]
"""A payment, and what a movement or a line without a payment is called: `charge:ch_1`."""


def _sum_up(
    lines: Sequence[SettlementLineRecord], movements: dict[Key, LedgerMovement]
) -> dict[Key, Reported]:
    """Bring together what was reported of one movement."""
    together: dict[Key, list[SettlementLineRecord]] = {}
    for line in lines:
        payment_id = PaymentId(line.payment_id) if line.payment_id else None
        together.setdefault((payment_id, _name(line, movements)), []).append(line)
    return {key: _sum(key[1], group) for key, group in together.items()}


def _sum(name: str, lines: Sequence[SettlementLineRecord]) -> Reported:
    newest = lines[-1]
    signed = [(SIDES[SettlementKind(line.kind)], line) for line in lines]
    side = signed[0][0][0]
    return Reported(
        side=side,
        name=name.partition(":")[2],
        times=sum(sign for (_, sign), _ in signed),
        # Of one movement all lines are in one currency; where they are not, the newest counts.
        amount=Money(
            sum(
                sign * line.gross_minor
                for (_, sign), line in signed
                if line.currency == newest.currency
            ),
            newest.currency,
        ),
        line_id=newest.id,
    )


def _name(line: SettlementLineRecord, movements: dict[Key, LedgerMovement]) -> str:
    """Name the movement that a line is about as the ledger does, where the ledger knows it."""
    side, _ = SIDES[SettlementKind(line.kind)]
    if line.payment_id is None:
        return _subject(line)
    if side is Side.DISPUTE:
        return f"{side}:{line.payment_id}"
    for reference in filter(None, (line.reference, line.payment_reference)):
        if (line.payment_id, f"{side}:{reference}") in movements:
            return f"{side}:{reference}"
    if line.reference:
        return _subject(line)
    # A line that does not name its movement is about the only one of its kind.
    same = [
        name
        for (payment_id, name), one in movements.items()
        if payment_id == line.payment_id and one.side is side
    ]
    return same[0] if len(same) == 1 else _subject(line)


def _subject(line: SettlementLineRecord) -> str:
    side, _ = SIDES[SettlementKind(line.kind)]
    return f"{side}:{line.reference or line.line_id}"


def _differences_of_payments(
    movements: dict[Key, LedgerMovement],
    reported: dict[Key, Reported],
    patience: Patience,
    waiting_for: Collection[str],
) -> Iterable[PaymentDifference]:
    for key, one in movements.items():
        payment_id, name = key
        told = reported.get(key)
        is_late = one.at < patience.before and (told is not None or one.at >= patience.since)
        movement = Movement(
            side=one.side,
            name=one.name,
            amount=one.amount,
            is_due=is_late or name in waiting_for,
        )
        difference = compare(movement, told)
        if difference is not None:
            yield PaymentDifference(payment_id=payment_id, difference=difference)


def _differences_of_strangers(
    movements: dict[Key, LedgerMovement], reported: dict[Key, Reported]
) -> Iterable[PaymentDifference]:
    """Give what is reported and no movement stands for."""
    for key, told in reported.items():
        difference = compare(None, told) if key not in movements else None
        if difference is None:
            continue
        if key[0] is None:
            difference = Difference(
                kind=DifferenceKind.UNKNOWN_PAYMENT,
                subject=difference.subject,
                expected=None,
                found=difference.found,
                line_id=difference.line_id,
            )
        yield PaymentDifference(payment_id=key[0], difference=difference)
