"""Begin to collect the money of orders whose stock is held, and capture it once they are confirmed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderPaymentPending
from apps.kernel.identifiers import OrderId, new_id
from apps.payments.adapters.registry import is_set_up
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.services.changes import Changes
from apps.payments.services.choose_providers import Choice, choose_providers
from apps.payments.services.operations import new_operation
from apps.payments.services.waking import wake_dispatch_on_commit
from apps.platform.bulk import insert_missing, insert_together, list_known, lock_many, new_row
from apps.platform.outbox.delivered import Delivered
from apps.platform.outbox.publishing import publish


def start_payments(*, wanted: Sequence[Delivered[OrderPaymentPending]], now: datetime) -> None:
    """Record a payment and its authorisation for each order; the call follows after the commit.

    An order that has a payment already is left alone, whoever takes that. A provider that is not set
    up (any more) fails the payment at once. Why a provider was chosen is the first row of the history.
    """
    with transaction.atomic(savepoint=False):
        known = list_known(Payment, [one.event.order_id for one in wanted], by="order_id")
        fresh = [one for one in wanted if one.event.order_id not in known]
        choices = choose_providers([one.event for one in fresh], now=now)
        payments = [
            _payment(one.event, choice, now) for one, choice in zip(fresh, choices, strict=True)
        ]
        changes = Changes(now=now)
        operations: list[PaymentOperation] = []
        for payment, choice, one in zip(payments, choices, fresh, strict=True):
            what = f"Asked for {choice.why}".rstrip()
            changes.step(payment, what, one.cause_on_behalf, before="")
            if is_set_up(payment.provider):
                operations.append(
                    new_operation(
                        payment,
                        OperationKind.AUTHORIZE,
                        amount_minor=payment.amount_minor,
                        cause=one.cause_on_behalf,
                        now=now,
                    )
                )
            else:
                detail = "This way to pay is not offered any more."
                changes.fail(payment, "unknown_provider", detail, one.cause_on_behalf)
        insert_together(payments, operations, changes.steps)
        publish(changes.facts)
        wake_dispatch_on_commit({operation.gate for operation in operations})


def capture_payments(*, causes: Mapping[OrderId, Cause], now: datetime) -> None:
    """Record the capture of each order's authorised payment; asking again adds nothing."""
    with transaction.atomic(savepoint=False):
        payments = lock_payments(list(causes))
        operations = [
            new_operation(
                payment,
                OperationKind.CAPTURE,
                amount_minor=payment.amount_minor,
                cause=causes[payment.order_id],
                now=now,
            )
            for payment in payments
            if payment.status == PaymentStatus.AUTHORIZED and not payment.is_unwanted
        ]
        insert_missing(operations)
        wake_dispatch_on_commit({operation.gate for operation in operations})


def lock_payments(order_ids: Sequence[OrderId]) -> list[Payment]:
    """Lock the payments of orders in key order, in one statement."""
    return lock_many(Payment, order_ids, by="order_id")


def _payment(wanted: OrderPaymentPending, choice: Choice, now: datetime) -> Payment:
    return new_row(
        Payment,
        id=new_id(),
        order_id=wanted.order_id,
        order_number=wanted.number,
        customer_id=wanted.customer_id,
        amount_minor=wanted.total_minor,
        currency=wanted.currency,
        provider=choice.provider,
        method_type=wanted.method_type,
        method_token=choice.token,
        created_at=now,
        updated_at=now,
    )
