"""Have due operations dispatched soon after a commit."""

from collections.abc import Collection

from django.db import connection, transaction
from django.db.models.functions import Now

from apps.payments.models import ProviderMessageRecord
from apps.payments.services.claim_operations import DUE_BY_TIME
from apps.platform.outbox.wakeups import wake


def wake_dispatch_on_commit(gates: Collection[str]) -> None:
    """Wake a dispatcher for each gate once the transaction is committed; losing it loses nothing."""
    if gates:
        transaction.on_commit(lambda: wake({f"{DISPATCH}{gate}" for gate in gates}))


def is_call_due(gate: str) -> bool:
    """Tell whether a worker would find a call to take at a gate."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 {DUE_BY_TIME} LIMIT 1", [gate])
        return cursor.fetchone() is not None


def is_message_due() -> bool:
    """Tell whether a provider's message is to be handled."""
    return ProviderMessageRecord.objects.filter(handled_at=None, next_at__lte=Now()).exists()


DISPATCH = "payments.dispatch:"
"""How the wake-up of a gate's dispatcher is named."""
