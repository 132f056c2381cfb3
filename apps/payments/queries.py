"""Reading payments."""

from uuid import UUID

from apps.payments.domain.refusals import PaymentNotFound
from apps.payments.models import Payment


def get_payment(payment_id: UUID, *, customer_id: UUID | None) -> Payment:
    """Give one payment with its operations; a customer sees their own alone.

    One that never began is none.

    Raises:
        PaymentNotFound: there is none, or it is somebody else's.
    """
    payments = (
        Payment.objects.prefetch_related("operations").filter(id=payment_id).exclude(currency="")
    )
    if customer_id is not None:
        payments = payments.filter(customer_id=customer_id)
    payment = payments.first()
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment


def find_payment_of_order(order_id: UUID) -> Payment | None:
    """Give the payment of an order with its operations, the oldest first."""
    return Payment.objects.prefetch_related("operations").filter(order_id=order_id).first()
