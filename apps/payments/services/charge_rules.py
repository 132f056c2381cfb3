"""What it means for a payment that it was charged, by a call of ours or at the provider's own desk."""

from apps.kernel.events.payments import PaymentCaptured
from apps.kernel.money import Money
from apps.payments.domain.accounts import Account
from apps.payments.models import Payment, PaymentOperation, PaymentStatus
from apps.payments.ports import Accepted, Done, NotMade, Result
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of


def charged(operation: PaymentOperation, payment: Payment, done: Done, changes: Changes) -> None:
    """Take in that a payment was charged, with the amount that was; it goes back where nobody wants it.

    The call counts with what was charged from then on, whatever it was to charge.
    """
    _note_desk(operation, payment, done, changes)
    if done.charged is not None:
        operation.amount_minor = done.charged.amount_minor
    before = payment.status
    payment.capture(amount_minor=operation.amount_minor)
    changes.move(
        operation,
        operation.amount_minor,
        from_account=Account.AUTHORISED,
        to_account=Account.PROVIDER,
        what="Captured",
    )
    # What an authorisation holds beyond the charge is let go by every provider at once.
    changes.move(
        operation,
        payment.amount_minor - operation.amount_minor,
        from_account=Account.AUTHORISED,
        to_account=Account.CUSTOMER,
        what="Released",
    )
    changes.step(payment, "Captured", cause_of(operation), before=before)
    changes.publish(
        payment,
        PaymentCaptured(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=operation.amount_minor,
            currency=payment.currency,
        ),
        cause_of(operation),
    )
    if payment.owes_money_back:
        changes.undo(payment, cause_of(operation))


def insist_on_authorised(
    operation: PaymentOperation, payment: Payment, result: Result, changes: Changes
) -> Result:
    """Book no charge of more than was authorised, or in another currency: it waits for a person.

    Our books have no place for it. Finance puts it right at the provider, and closes the call. One that was
    looked for and has been booked since is not booked again.
    """
    if not isinstance(result, Done):
        return result
    if operation.only_looks and payment.status != PaymentStatus.AUTHORIZED:
        return NotMade()
    if result.charged is None:
        return result
    amount = result.charged
    if amount.currency == payment.currency and 0 < amount.amount_minor <= payment.amount_minor:
        return result
    if operation.reference != result.reference:
        operation.reference = result.reference
        what = f"Charge of {amount} made at the provider ({result.reference}) does not fit"
        changes.step(payment, f"{what} into what was authorised", cause_of(operation))
    return Accepted(reference=result.reference)


def _note_desk(operation: PaymentOperation, payment: Payment, done: Done, changes: Changes) -> None:
    """Say in the history what was charged by nobody here: of another amount, or where none was asked for."""
    if done.charged is None and not operation.only_looks:
        return
    asked = Money(operation.amount_minor, payment.currency)
    amount = asked if done.charged is None else f"{done.charged}, not {asked},"
    what = f"Charge of {amount} made at the provider ({done.reference})"
    changes.step(payment, what, cause_of(operation))
