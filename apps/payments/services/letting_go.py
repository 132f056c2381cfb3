"""What it means that an authorisation is gone."""

from apps.kernel.events.payments import PaymentVoided
from apps.payments.domain.accounts import Account
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.changes import Changes
from apps.payments.services.operations import cause_of


def let_go(
    operation: PaymentOperation, payment: Payment, changes: Changes, *, has_expired: bool = False
) -> None:
    """Void a payment of which nothing is reserved or charged any more, and tell so.

    `has_expired` where its authorisation ran out, rather than that anybody let it go.
    """
    before = payment.status
    payment.void()
    payment.undo_at = None
    changes.move(
        operation,
        payment.amount_minor,
        from_account=Account.AUTHORISED,
        to_account=Account.CUSTOMER,
        what="Voided",
    )
    what = "Authorisation expired" if has_expired else "Voided"
    changes.step(payment, what, cause_of(operation), before=before)
    changes.publish(
        payment,
        PaymentVoided(payment_id=payment.id, order_id=payment.order_id, has_expired=has_expired),
        cause_of(operation),
    )
