"""Keep the differences between reports and ledger: one row each, opened and closed again as they come and go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.settlements import Difference, DifferenceKind, DifferenceState
from apps.payments.models import SettlementDifference
from apps.platform.bulk import insert_missing, update_many

BY_ITSELF = "system:reconciliation"
AGREED = "Report and ledger agree by now."
_TOLD_BY_MESSAGES = (DifferenceKind.UNKNOWN_MOVEMENT, DifferenceKind.AMOUNT_DIFFERS)
_FIELDS = (
    "kind",
    "payment_id",
    "line_id",
    "expected_minor",
    "expected_currency",
    "found_minor",
    "found_currency",
    "state",
    "found_at",
    "closed_at",
    "closed_by",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDifference:
    """A difference that there is right now, and the payment that it is about; None where no payment of ours is."""

    payment_id: PaymentId | None
    difference: Difference


def list_known_differences(
    provider: str, payment_ids: Collection[PaymentId], subjects: Collection[str]
) -> list[SettlementDifference]:
    """Lock the differences that were found before about these payments or subjects, whatever their state.

    Those about the fees of a payment go by their subjects alone: they are compared with other lines.
    """
    before = SettlementDifference.objects.filter(provider=provider)
    # One after the other: joined by an OR, the whole table would be read.
    of_payments = before.filter(payment_id__in=payment_ids).exclude(kind=DifferenceKind.FEE)
    ids = set(of_payments.values_list("id", flat=True))
    ids |= set(before.filter(subject__in=subjects).values_list("id", flat=True))
    return list(SettlementDifference.objects.filter(id__in=ids).order_by("id").select_for_update())


def keep_differences(
    *,
    provider: str,
    found: Sequence[PaymentDifference],
    known: Sequence[SettlementDifference],
    now: datetime,
) -> None:
    """Store what was found, and explain what is open among the known and was not; two statements.

    What a person has settled stays settled for as long as it is the same difference.
    """
    by_subject = {one.subject: one for one in known}
    new, changed = [], []
    for one in found:
        row = by_subject.pop(one.difference.subject, None)
        if row is None:
            row = SettlementDifference(provider=provider, subject=one.difference.subject)
            _describe(row, one)
            row.found_at = now
            new.append(row)
            continue
        was = (row.kind, row.expected_minor, row.found_minor)
        _describe(row, one)
        is_same = was == (row.kind, row.expected_minor, row.found_minor)
        if row.is_open or (row.state == DifferenceState.SETTLED and is_same):
            changed += [] if is_same else [row]
            continue
        row.state, row.found_at = DifferenceState.OPEN, now
        row.closed_at, row.closed_by, row.reason = None, "", ""
        changed.append(row)
    for row in by_subject.values():
        # What a message told of and no report has shown yet is not over because none shows it.
        is_told_only = row.kind in _TOLD_BY_MESSAGES and row.line_id is None
        if row.is_open and not is_told_only:
            row.state, row.closed_at = DifferenceState.EXPLAINED, now
            row.closed_by, row.reason = BY_ITSELF, AGREED
            changed.append(row)
    insert_missing(new)
    update_many(changed, fields=_FIELDS)


def _describe(row: SettlementDifference, found: PaymentDifference) -> None:
    difference = found.difference
    row.kind = difference.kind
    row.payment_id = found.payment_id
    row.line_id = difference.line_id
    expected, told = difference.expected, difference.found
    row.expected_minor = expected.amount_minor if expected else None
    row.expected_currency = expected.currency if expected else ""
    row.found_minor = told.amount_minor if told else None
    row.found_currency = told.currency if told else ""
