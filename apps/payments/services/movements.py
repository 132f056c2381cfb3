"""What the ledger says of the money that went through providers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import BY_HAND, OperationKind, OperationState
from apps.payments.domain.settlements import Side
from apps.payments.models import LedgerEntry, PaymentOperation

_SIDES = {OperationKind.CAPTURE: Side.CHARGE, OperationKind.REFUND: Side.REFUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerMovement:
    """A charge or refund by the provider's name of it, or the disputes of a payment by our id.

    The amount is what is true by now, `at` since when.
    """

    side: Side
    name: str
    amount: Money
    at: datetime


def list_movements(
    provider: str, payment_ids: Collection[PaymentId]
) -> dict[tuple[PaymentId | None, str], LedgerMovement]:
    """Give the movements of payments by payment and name, such as `charge:ch_1`; two statements.

    What a provider declined moved nothing, and is a movement of nothing. What was paid by another way
    than the provider's is none.
    """
    found: dict[tuple[PaymentId | None, str], LedgerMovement] = {}
    calls = PaymentOperation.objects.filter(
        payment_id__in=payment_ids, provider=provider, kind__in=list(_SIDES)
    ).exclude(reference__in=("", BY_HAND))
    for payment_id, kind, state, reference, amount_minor, currency, at in calls.values_list(
        "payment_id",
        "kind",
        "state",
        "reference",
        "amount_minor",
        "payment__currency",
        "updated_at",
    ):
        side = _SIDES[OperationKind(kind)]
        is_done = state == OperationState.SUCCEEDED
        found[payment_id, f"{side}:{reference}"] = LedgerMovement(
            side=side,
            name=reference,
            amount=Money(amount_minor if is_done else 0, currency),
            at=at,
        )
    return found | _disputes_of(payment_ids)


def has_movements(provider: str, *, since: datetime, until: datetime) -> bool:
    """Whether money came into or left the hands of a provider from one instant to another."""
    return (
        LedgerEntry.objects.filter(
            Q(from_account=Account.PROVIDER) | Q(to_account=Account.PROVIDER),
            payment__provider=provider,
            settlement_line_id=None,
            at__gte=since,
            at__lt=until,
        )
        .order_by()
        .exists()
    )


def _disputes_of(
    payment_ids: Collection[PaymentId],
) -> dict[tuple[PaymentId | None, str], LedgerMovement]:
    """Add up what left the provider's hands by disputes, and came back."""
    found: dict[tuple[PaymentId | None, str], LedgerMovement] = {}
    entries = LedgerEntry.objects.filter(
        payment_id__in=payment_ids, operation_id=None, settlement_line_id=None
    )
    for payment_id, from_account, to_account, amount_minor, currency, at in entries.order_by(
        "id"
    ).values_list("payment_id", "from_account", "to_account", "amount_minor", "currency", "at"):
        sign = (from_account == Account.PROVIDER) - (to_account == Account.PROVIDER)
        key = (payment_id, f"{Side.DISPUTE}:{payment_id}")
        before = found[key].amount if key in found else Money.zero(currency)
        found[key] = LedgerMovement(
            side=Side.DISPUTE,
            name=str(payment_id),
            amount=before + Money(sign * amount_minor, currency),
            at=at,
        )
    return found
