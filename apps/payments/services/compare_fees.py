"""Compare what a provider says that it kept with what it said before, and with what it may keep."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.conf import settings

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.fees import largest_fee
from apps.payments.domain.settlements import SIDES, Difference, DifferenceKind, SettlementKind
from apps.payments.models import SettlementLineRecord
from apps.payments.ports import SettlementLine
from apps.payments.services.keep_differences import (
    PaymentDifference,
    keep_differences,
    list_known_differences,
)

CHANGED, TWICE, TOO_HIGH = "fee_changed", "fee_twice", "fee_too_high"
"""How the subjects of the three begin: each is found, explained and settled by itself."""


def compare_fees(
    *,
    provider: str,
    lines: Sequence[SettlementLine],
    stored: Sequence[SettlementLineRecord],
    now: datetime,
) -> None:
    """Make a difference of every fee of a page that a person has to look at.

    That is one that the provider reports with another amount than before, which stays booked; one that
    is taken of the same movement twice; and one of a charge above the share that `OMS_FEE_LIMITS` names.
    What is over by now is explained. Within a transaction of the caller's; a constant number of statements.
    """
    told = {line.line_id: line.fee for line in lines}
    named = _by_movement(provider, stored)
    found = [*_changed(stored, told), *_twice(named), *_too_high(stored)]
    subjects = {f"{TWICE}:{name}" for name in named}
    subjects |= {f"{what}:{one.line_id}" for one in stored for what in (CHANGED, TOO_HIGH)}
    known = list_known_differences(provider, (), subjects)
    keep_differences(provider=provider, found=found, known=known, now=now)


def _changed(
    stored: Sequence[SettlementLineRecord], told: Mapping[str, Money]
) -> Iterator[PaymentDifference]:
    for line in stored:
        booked = _fee(line)
        if told[line.line_id] != booked:
            yield _difference(CHANGED, line.line_id, line, booked, told[line.line_id])


def _too_high(stored: Sequence[SettlementLineRecord]) -> Iterator[PaymentDifference]:
    """Judge charges alone: of a refund or a dispute a provider keeps what it likes, whatever the amount.

    A fee in another currency than its charge cannot be compared without a rate.
    """
    for line in stored:
        limit = settings.OMS_FEE_LIMITS.get(line.provider)
        if limit is None or line.kind != SettlementKind.CHARGE:
            continue
        most = largest_fee(Money(line.gross_minor, line.currency), limit)
        if line.fee_currency == most.currency and line.fee_minor > most.amount_minor:
            yield _difference(TOO_HIGH, line.line_id, line, most, _fee(line))


def _twice(named: Mapping[str, Sequence[SettlementLineRecord]]) -> Iterator[PaymentDifference]:
    """Find the same amount taken of a movement again, and not given back, by a line that is only a fee.

    A movement that is itself reported twice is a difference of its own, its fee with it.
    """
    for name, lines in named.items():
        times = Counter(_fee(line) for line in lines)
        for line in lines:
            fee = _fee(line)
            count = times[fee] - times[-fee]
            if line.kind == SettlementKind.FEE and line.fee_minor > 0 and count > 1:
                together = Money(fee.amount_minor * count, fee.currency)
                yield _difference(TWICE, name, line, fee, together)
                break


def _by_movement(
    provider: str, stored: Sequence[SettlementLineRecord]
) -> dict[str, list[SettlementLineRecord]]:
    """Give all lines with a fee that are about the movements of a page, by the provider's name of each."""
    with_fee = SettlementLineRecord.objects.filter(provider=provider).exclude(fee_minor=0)
    payments = {one.payment_id for one in stored if one.payment_id is not None}
    names = {one.reference for one in stored if one.reference}
    # One after the other: joined by an OR, the whole table would be read.
    lines = {one.id: one for one in with_fee.filter(payment_id__in=payments)}
    lines |= {one.id: one for one in with_fee.filter(reference__in=names)}
    movements = {one.reference for one in lines.values() if one.kind in SIDES}
    named: dict[str, list[SettlementLineRecord]] = {}
    for _, line in sorted(lines.items()):
        # PayPal gives a fee a name of its own, beside that of the movement it is taken of.
        is_beside = line.kind == SettlementKind.FEE and line.payment_reference in movements
        name = line.payment_reference if is_beside else line.reference
        if name:
            named.setdefault(name, []).append(line)
    return named


def _fee(line: SettlementLineRecord) -> Money:
    return Money(line.fee_minor, line.fee_currency)


def _difference(
    what: str, name: str, line: SettlementLineRecord, expected: Money, found: Money
) -> PaymentDifference:
    return PaymentDifference(
        payment_id=PaymentId(line.payment_id) if line.payment_id else None,
        difference=Difference(
            kind=DifferenceKind.FEE,
            subject=f"{what}:{name}",
            expected=expected,
            found=found,
            line_id=line.id,
        ),
    )
