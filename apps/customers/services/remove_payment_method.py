"""Forget a way to pay."""

from apps.customers.domain.identifiers import PaymentMethodId
from apps.customers.domain.refusals import PaymentMethodNotFound
from apps.customers.models import PaymentMethod
from apps.kernel.identifiers import CustomerId


def remove_payment_method(*, customer_id: CustomerId, payment_method_id: PaymentMethodId) -> None:
    """Delete a saved payment method; payments made with it are not touched.

    Raises:
        PaymentMethodNotFound: the customer has no such payment method (any more).
    """
    removed, _ = PaymentMethod.objects.filter(
        id=payment_method_id, customer_id=customer_id
    ).delete()
    if not removed:
        raise PaymentMethodNotFound("There is no such payment method.")
