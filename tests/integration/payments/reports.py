"""Reports of a provider, line by line, and what became of them."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import Payment, SettlementDifference
from apps.payments.ports import SettlementLine
from apps.payments.services.reconcile_payments import Reconciled, reconcile_payments

_count = itertools.count()


def line(
    kind: SettlementKind = SettlementKind.CHARGE,
    *,
    reference: str = "ch_1",
    of: Payment | None = None,
    gross: int = 100,
    currency: str = "EUR",
    fee: int = 0,
    fee_currency: str = "EUR",
    line_id: str = "",
    payment_reference: str = "",
    payment_id: PaymentId | None = None,
    operation_id: OperationId | None = None,
    at: datetime,
) -> SettlementLine:
    """Make a line, by itself or about a payment."""
    return SettlementLine(
        line_id=line_id or f"txn_{next(_count)}",
        kind=kind,
        reference=reference,
        payment_reference=payment_reference,
        payment_id=of.id if of else payment_id,
        gross=Money(gross, currency),
        fee=Money(fee, fee_currency),
        booked_at=at,
        operation_id=operation_id,
    )


def reconcile(lines: Iterable[SettlementLine], now: datetime, *, later: int = 1) -> Reconciled:
    """Compare these lines of a report with the ledger, some days from now, for the days around now."""
    return reconcile_payments(
        provider="stripe",
        since=now - timedelta(days=20),
        until=now + timedelta(days=later),
        now=now + timedelta(days=later),
        report=lines,
    )


def found() -> list[tuple[str, str, int | None, int | None, str]]:
    """Give all differences: kind, subject, amounts of ledger and report, and state."""
    return list(
        SettlementDifference.objects.order_by("subject").values_list(
            "kind", "subject", "expected_minor", "found_minor", "state"
        )
    )
