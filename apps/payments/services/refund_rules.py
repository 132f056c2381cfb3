"""What it means for a payment that money went back, by a call of ours or at the provider's own desk."""

from apps.kernel.events.payments import PaymentRefunded
from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import OVERTAKEN
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Declined, Done, Result
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of
from apps.payments.services.reversal_rules import make_room

NO_ROOM = Declined(
    code="nothing_left_to_refund", detail="More would have gone back than was charged."
)


def refunded(operation: PaymentOperation, payment: Payment, done: Done, changes: Changes) -> None:
    """Take in that a call gave money back, and go on with what is still missing."""
    if not payment.is_unwanted:
        # As much was given back at the provider's own desk meanwhile: that was not what was asked for.
        payment.refund_wanted_minor = max(
            payment.refund_wanted_minor, payment.refunded_minor + operation.amount_minor
        )
    count_refund(operation, payment, changes)
    if payment.owes_money_back:
        # More was asked for while this was under way.
        changes.undo(payment, cause_of(operation))


def count_refund(operation: PaymentOperation, payment: Payment, changes: Changes) -> None:
    """Count the amount of an operation as given back: in the payment, the ledger and its history, and tell so."""
    before = payment.status
    payment.refunded_minor += operation.amount_minor
    changes.move(
        operation,
        operation.amount_minor,
        from_account=Account.PROVIDER,
        to_account=Account.CUSTOMER,
        what="Refunded",
    )
    if payment.refunded_minor == payment.captured_minor:
        payment.refund_whole()
    else:
        payment.refund_part()
    changes.step(payment, "Refunded", cause_of(operation), before=before)
    changes.publish(
        payment,
        PaymentRefunded(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            refunded_minor=payment.refunded_minor,
            wanted_minor=payment.refund_wanted_minor,
            lost_minor=payment.lost_minor,
            currency=payment.currency,
            is_unwanted=payment.is_unwanted,
        ),
        cause_of(operation),
    )
    if (
        payment.disputed_minor
        > payment.captured_minor - payment.refunded_minor - payment.lost_minor
    ):
        make_room(payment, changes, cause_of(operation))


def insist_on_room(operation: PaymentOperation, payment: Payment, result: Result) -> Result:
    """Count no refund twice: what was charged can go back once, however it is told.

    A provider that has nothing left may show, as the answer to our call, what was made at its own desk
    and has been counted since. The books of ours break before they say that more went back.
    """
    left = payment.captured_minor - payment.refunded_minor
    if not isinstance(result, Done) or operation.amount_minor <= left:
        return result
    return NO_ROOM


def give_up_overtaken(operation: PaymentOperation, payment: Payment, changes: Changes) -> None:
    """Give up a refund that was not made and is of more than may go back by now.

    Money went back at the provider's own desk meanwhile, or a bank has taken it back. What is still owed
    then is a call of its own, with an amount and a key of its own.
    """
    operation.error_code, operation.error_detail = OVERTAKEN
    changes.step(payment, "Refund given up: less may go back by now", cause_of(operation))
    if payment.owes_money_back:
        changes.undo(payment, cause_of(operation))
