"""Have due operations dispatched soon after a commit."""

from collections.abc import Collection

from django.db import transaction

from apps.platform.outbox.wakeups import wake


def wake_dispatch_on_commit(gates: Collection[str]) -> None:
    """Wake a dispatcher for each gate once the transaction is committed; losing it loses nothing."""
    if gates:
        transaction.on_commit(lambda: wake({f"{DISPATCH}{gate}" for gate in gates}))


DISPATCH = "payments.dispatch:"
"""How the wake-up of a gate's dispatcher is named."""
