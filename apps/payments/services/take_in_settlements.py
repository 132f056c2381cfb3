"""Take in what a provider reports of the money it settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.accounts import Account
from apps.payments.models import LedgerEntry, PaymentOperation, SettlementLineRecord
from apps.payments.ports import SettlementLine
from apps.payments.services.compare_fees import compare_fees
from apps.payments.services.compare_settlements import Patience, compare_settlements
from apps.payments.services.known_payments import KnownPayments
from apps.payments.services.mask_cards import with_kept_names
from apps.platform.bulk import insert_missing, update_many


def take_in_settlements(
    *, provider: str, lines: Sequence[SettlementLine], patience: Patience, now: datetime
) -> int:
    """Store a page of lines, book their fees and compare them; returns how many were new.

    A line is stored once, whatever comes again, and its fee is booked with it. A constant number of
    statements, whatever the length of the page.
    """
    if not lines:
        return 0
    lines = [with_kept_names(line, provider=provider) for line in lines]
    with transaction.atomic():
        payments = _payments_of(provider, lines)
        rows = [_record(provider, line, payments.get(line.line_id), now) for line in lines]
        before = _count_known(provider, rows)
        insert_missing(rows)
        stored = list(
            SettlementLineRecord.objects.filter(
                provider=provider, line_id__in=[row.line_id for row in rows]
            )
            .order_by("id")
            .select_for_update()
        )
        late = [one for one in stored if one.payment_id is None and payments.get(one.line_id)]
        for one in late:
            one.payment_id = payments[one.line_id]
        update_many(late, fields=["payment_id"])
        insert_missing([entry for one in stored if (entry := _fee_of(one, now)) is not None])
        compare_settlements(
            provider=provider,
            payment_ids={PaymentId(one.payment_id) for one in stored if one.payment_id is not None},
            line_ids=[one.id for one in stored],
            patience=patience,
            now=now,
        )
        compare_fees(provider=provider, lines=lines, stored=stored, now=now)
    return len(stored) - before


def _count_known(provider: str, rows: Sequence[SettlementLineRecord]) -> int:
    return SettlementLineRecord.objects.filter(
        provider=provider, line_id__in=[row.line_id for row in rows]
    ).count()


def _payments_of(provider: str, lines: Sequence[SettlementLine]) -> Mapping[str, PaymentId]:
    """Find the payment of each line, by our id of it or of a call, by the provider's name, or by an earlier line."""
    references = {line.payment_reference for line in lines if line.payment_reference}
    known = KnownPayments(ids={line.payment_id for line in lines}, references=references)
    by_operation = dict(
        PaymentOperation.objects.filter(
            provider=provider, id__in={line.operation_id for line in lines if line.operation_id}
        ).values_list("id", "payment_id")
    )

    def by_our_names(line: SettlementLine) -> PaymentId | None:
        return known.by_id(provider, line.payment_id) or (
            by_operation.get(line.operation_id) if line.operation_id else None
        )

    # A movement of this very page that a later one in it names (a refund its charge), or one of an earlier page.
    by_movement = {
        line.reference: payment for line in lines if (payment := by_our_names(line)) is not None
    }
    by_movement |= dict(
        SettlementLineRecord.objects.filter(
            provider=provider, reference__in=references, payment__isnull=False
        ).values_list("reference", "payment_id")
    )
    found: dict[str, PaymentId] = {}
    for line in lines:
        payment = (
            by_our_names(line)
            or known.by_name(provider, line.payment_reference)
            or (by_movement.get(line.payment_reference) if line.payment_reference else None)
        )
        if payment is not None:
            found[line.line_id] = payment
    return found


def _record(
    provider: str, line: SettlementLine, payment_id: PaymentId | None, now: datetime
) -> SettlementLineRecord:
    return SettlementLineRecord(
        provider=provider,
        line_id=line.line_id,
        kind=line.kind,
        reference=line.reference,
        payment_reference=line.payment_reference,
        named_payment_id=line.payment_id,
        payment_id=payment_id,
        gross_minor=line.gross.amount_minor,
        currency=line.gross.currency,
        fee_minor=line.fee.amount_minor,
        fee_currency=line.fee.currency,
        booked_at=line.booked_at,
        stored_at=now,
    )


def _fee_of(line: SettlementLineRecord, now: datetime) -> LedgerEntry | None:
    """Book what the provider kept, in the currency in which it kept it; None where that is nothing."""
    if not line.fee_minor:
        return None
    is_given_back = line.fee_minor < 0
    return LedgerEntry(
        payment_id=line.payment_id,
        settlement_line_id=line.id,
        what="Fee given back" if is_given_back else "Fee",
        from_account=Account.FEES if is_given_back else Account.PROVIDER,
        to_account=Account.PROVIDER if is_given_back else Account.FEES,
        amount_minor=abs(line.fee_minor),
        currency=line.fee_currency,
        actor=f"system:{line.provider}",
        at=now,
    )
