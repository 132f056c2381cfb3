"""Have due operations dispatched soon after a commit."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import PaymentOperation, ProviderMessageRecord
from apps.platform.outbox.wakeups import wake


def wake_dispatch_on_commit(gates: Collection[str]) -> None:
    """Wake a dispatcher for each gate once the transaction is committed; losing it loses nothing."""
    if gates:
        transaction.on_commit(lambda: wake({f"{DISPATCH}{gate}" for gate in gates}))


def is_call_due(gate: str) -> bool:
    """Tell whether a call is due at a gate that no worker is at."""
    is_free = Q(lease_until=None) | Q(lease_until__lt=Now())
    due = PaymentOperation.objects.filter(
        is_free, gate=gate, state__in=OPEN_STATES, next_at__lte=Now()
    )
    # In the order of the index; for a mere "is there one" the planner may read all the closed ones.
    return bool(due.order_by("next_at").values_list("pk")[:1])


def is_message_due() -> bool:
    """Tell whether a provider's message is to be handled."""
    return ProviderMessageRecord.objects.filter(handled_at=None, next_at__lte=Now()).exists()


DISPATCH = "payments.dispatch:"
"""How the wake-up of a gate's dispatcher is named."""
