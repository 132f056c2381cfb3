"""Have the outcome of a payment looked up now, rather than when it is next due."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.payments.domain.operations import OperationState
from apps.payments.models import PaymentOperation
from apps.payments.services.waking import wake_dispatch_on_commit


def look_again(*, payment_id: UUID, now: datetime) -> bool:
    """Make what is undecided about a payment due; returns whether there was anything.

    A customer who comes back from a provider's page brings this about; what counts is the
    provider's own answer. Doing it again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        due = PaymentOperation.objects.filter(
            payment_id=payment_id, state__in=[OperationState.UNKNOWN, OperationState.WAITING]
        )
        gates = set(due.values_list("gate", flat=True))
        due.update(next_at=now)
        wake_dispatch_on_commit(gates)
    return bool(gates)
