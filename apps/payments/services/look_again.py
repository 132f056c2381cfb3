"""Have the outcome of payments looked up now, rather than when it is next due."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.models import PaymentOperation
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import lock_many, update_many


def look_again(*, payment_ids: Collection[PaymentId], now: datetime) -> bool:
    """Make what is undecided about payments due; returns whether there was anything.

    A customer who comes back from a provider's page brings this about, and what providers tell us;
    what counts is the provider's own answer. A call that is under way may have been answered before
    that, or without what the customer brought: it is looked up once more when it leaves its payment
    waiting. Doing it again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        undecided = lock_many(
            PaymentOperation,
            payment_ids,
            by="payment_id",
            where="t.state IN ('unknown', 'waiting', 'in_flight')",
        )
        for operation in undecided:
            operation.next_at = now
        update_many(undecided, fields=["next_at"])
        wake_dispatch_on_commit({operation.gate for operation in undecided})
    return bool(undecided)
