"""What a use case changes about payments: noted payment by payment, written for all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.kernel.cause import Cause
from apps.kernel.events.payments import PaymentEvent, PaymentFailed
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.operations import undoing_operations
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import insert_together, update_many
from apps.platform.outbox.publishing import Fact, publish

PAYMENT_FIELDS = (
    "status",
    "version",
    "captured_minor",
    "refunded_minor",
    "brand",
    "last4",
    "authorization",
    "action_url",
    "action_expires_at",
    "failure_code",
    "failure_detail",
    "is_unwanted",
    "updated_at",
)
"""What may change in a payment after it was recorded."""


@dataclass(slots=True)
class Ledger:
    """Facts to publish and calls to make for payments that are locked, or new."""

    now: datetime
    facts: list[Fact] = field(default_factory=list)
    operations: list[PaymentOperation] = field(default_factory=list)
    undone: list[tuple[Payment, Cause]] = field(default_factory=list)

    def publish(self, payment: Payment, event: PaymentEvent, cause: Cause) -> None:
        """Note a fact of a payment."""
        payment.version += 1
        self.facts.append(Fact(event=event, seq=payment.version, cause=cause))

    def fail(self, payment: Payment, code: str, detail: str, cause: Cause) -> None:
        """Fail a payment that took nothing."""
        payment.fail(code=code, detail=detail)
        self.publish(
            payment,
            PaymentFailed(
                payment_id=payment.id, order_id=payment.order_id, code=code, detail=detail
            ),
            cause,
        )

    def undo(self, payment: Payment, cause: Cause) -> None:
        """Have the money given back, by the call that fits what the payment is in the end."""
        self.undone.append((payment, cause))

    def write(self, payments: Sequence[Payment]) -> None:
        """Store the changed payments, record the calls that follow, and publish.

        A constant number of statements; the operations that ended have to be stored before.
        """
        update_many(payments, fields=PAYMENT_FIELDS)
        follow_ups = [*self.operations, *undoing_operations(self.undone, now=self.now)]
        insert_together(follow_ups)
        publish(self.facts)
        wake_dispatch_on_commit({operation.gate for operation in follow_ups})
