"""What the sandbox reports as settled.

Keeping books of its own would cost every order a statement, so it reports what our calls to it did: it
shows how lines and fees look, and can never differ.
"""

from collections.abc import Iterator
from datetime import datetime

from apps.kernel.identifiers import id_at
from apps.kernel.money import Money
from apps.payments.domain.operations import BY_HAND, OperationKind, OperationState
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import PaymentOperation
from apps.payments.ports import SettlementLine

FEE_PER_MILLE = 14
FEE_MINOR = 25
"""1.4 % and 25 minor units of each charge; refunds cost nothing."""
_KINDS = {
    OperationKind.CAPTURE: SettlementKind.CHARGE,
    OperationKind.REFUND: SettlementKind.REFUND,
}
_COLUMNS = ("kind", "reference", "payment_id", "amount_minor", "payment__currency", "updated_at")


def list_settled(*, since: datetime, until: datetime) -> Iterator[SettlementLine]:
    """Give what was done for the sandbox's payments that were asked for in a period."""
    done = PaymentOperation.objects.filter(
        id__gte=id_at(since),
        id__lt=id_at(until),
        provider="sandbox",
        state=OperationState.SUCCEEDED,
        kind__in=list(_KINDS),
        amount_minor__gt=0,
    ).exclude(reference=BY_HAND)
    for kind, reference, payment_id, minor, currency, at in (
        done.order_by("id").values_list(*_COLUMNS).iterator(chunk_size=2000)
    ):
        fee = minor * FEE_PER_MILLE // 1000 + FEE_MINOR if kind == OperationKind.CAPTURE else 0
        yield SettlementLine(
            line_id=f"txn_{reference.removeprefix('sbx_')}",
            kind=_KINDS[OperationKind(kind)],
            reference=reference,
            payment_reference="",
            payment_id=payment_id,
            gross=Money(minor, currency),
            fee=Money(fee, currency),
            booked_at=at,
        )
