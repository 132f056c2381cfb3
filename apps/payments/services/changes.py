"""What a use case changes about payments: noted payment by payment, written for all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from prometheus_client import Counter

from apps.kernel.cause import Cause
from apps.kernel.events.payments import PaymentEvent, PaymentFailed
from apps.payments.domain.accounts import Account
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.models import LedgerEntry, Payment, PaymentOperation, PaymentStep
from apps.payments.services.operations import Wish, wished_operations
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import insert_together, new_row, update_many
from apps.platform.outbox.publishing import Fact, publish
from apps.platform.telemetry.metrics import payments_failed_total

PAYMENT_FIELDS = (
    "status",
    "version",
    "steps",
    "captured_minor",
    "refunded_minor",
    "refund_wanted_minor",
    "disputed_minor",
    "lost_minor",
    "brand",
    "last4",
    "authorization",
    "action_url",
    "action_expires_at",
    "failure_code",
    "failure_detail",
    "is_unwanted",
    "undo_at",
    "authorized_until",
    "is_ending_known",
    "updated_at",
)
"""What may change in a payment after it was recorded."""


@dataclass(slots=True)
class Changes:
    """History, ledger, facts to publish and calls to record, for payments that are locked, or new."""

    now: datetime
    steps: list[PaymentStep] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def step(self, payment: Payment, what: str, cause: Cause, *, before: str | None = None) -> None:
        """Note a row of the history; without `before` the status did not change."""
        self.steps.append(
            payment.record_step(
                before=payment.status if before is None else before,
                what=what,
                cause=cause,
                at=self.now,
            )
        )

    def move(
        self,
        operation: PaymentOperation,
        amount_minor: int,
        *,
        from_account: Account,
        to_account: Account,
        what: str,
    ) -> None:
        """Note that an operation moved an amount, in minor units; nothing for an amount of zero."""
        self.enter(
            operation.payment,
            amount_minor,
            from_account=from_account,
            to_account=to_account,
            what=what,
            actor=operation.actor,
            operation_id=operation.id,
        )

    def enter(
        self,
        payment: Payment,
        amount_minor: int,
        *,
        from_account: Account,
        to_account: Account,
        what: str,
        actor: str,
        operation_id: OperationId | None = None,
    ) -> None:
        """Note an entry of the ledger, in minor units; nothing for an amount of zero."""
        if amount_minor:
            self.entries.append(
                new_row(
                    LedgerEntry,
                    payment_id=payment.id,
                    operation_id=operation_id,
                    what=what,
                    from_account=from_account,
                    to_account=to_account,
                    amount_minor=amount_minor,
                    currency=payment.currency,
                    actor=actor,
                    at=self.now,
                )
            )

    def publish(self, payment: Payment, event: PaymentEvent, cause: Cause) -> None:
        """Note a fact of a payment."""
        payment.version += 1
        self.facts.append(Fact(event=event, seq=payment.version, cause=cause))

    def fail(self, payment: Payment, code: str, detail: str, cause: Cause) -> None:
        """Fail a payment that took nothing; one that nobody wants any more counts as no failure."""
        if not payment.is_unwanted:
            self.count(payments_failed_total, payment)
        before = payment.status
        payment.fail(code=code, detail=detail)
        self.step(payment, f"Failed ({code})", cause, before=before)
        self.publish(
            payment,
            PaymentFailed(
                payment_id=payment.id,
                order_id=payment.order_id,
                code=code,
                detail=detail,
                provider=payment.provider,
            ),
            cause,
        )

    def count(self, counter: Counter, payment: Payment) -> None:
        """Count something of a payment, by its provider, once it is committed: what is rolled back happens again."""
        transaction.on_commit(counter.labels(gateway=payment.provider).inc)

    def undo(self, payment: Payment, cause: Cause, *, looks_first: bool = False) -> None:
        """Have the money given back, by the call that fits what the payment is in the end.

        `looks_first` where somebody may have given it back at the provider's own desk.
        """
        payment.undo_at = None
        self.wishes.append(Wish(payment=payment, cause=cause, looks_first=looks_first))

    def call(
        self, payment: Payment, kind: OperationKind, cause: Cause, *, amount_minor: int
    ) -> None:
        """Have a call made, unless one of its kind is under way."""
        self.wishes.append(Wish(payment=payment, cause=cause, kind=kind, amount_minor=amount_minor))

    def look_for(self, payment: Payment, kind: OperationKind, cause: Cause) -> None:
        """Have the provider asked whether a call was carried out there without us."""
        self.wishes.append(Wish(payment=payment, cause=cause, kind=kind, only_looks=True))

    def write(self, payments: Sequence[Payment]) -> None:
        """Store the changed payments, record the calls that follow, and publish.

        A constant number of statements; the operations that ended have to be stored before.
        """
        update_many(payments, fields=PAYMENT_FIELDS)
        operations = wished_operations(self.wishes, now=self.now)
        insert_together(operations, self.steps, self.entries)
        publish(self.facts)
        wake_dispatch_on_commit({operation.gate for operation in operations})
