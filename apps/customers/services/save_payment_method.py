"""Keep a way to pay for the next order."""

from datetime import datetime

from django.db import transaction

from apps.customers.domain.identifiers import PaymentMethodId
from apps.customers.domain.refusals import TooManyPaymentMethods
from apps.customers.domain.saved_payment import SavedPayment
from apps.customers.models import PaymentMethod
from apps.customers.services.customer_rows import lock_customer
from apps.kernel.identifiers import CustomerId, new_id

MOST_PAYMENT_METHODS = 20


def save_payment_method(
    *, customer_id: CustomerId, method: SavedPayment, now: datetime
) -> PaymentMethod:
    """Store a payment method; saving the same token again brings the stored one up to date.

    Raises:
        CustomerNotFound: no such customer.
        TooManyPaymentMethods: there are 20 already.
    """
    with transaction.atomic():
        lock_customer(customer_id)
        saved = list(PaymentMethod.objects.filter(customer_id=customer_id))
        same = [
            one for one in saved if (one.provider, one.token) == (method.provider, method.token)
        ]
        if not same and len(saved) >= MOST_PAYMENT_METHODS:
            raise TooManyPaymentMethods(
                f"A customer has up to {MOST_PAYMENT_METHODS} payment methods."
            )
        kept = (
            same[0]
            if same
            else PaymentMethod(
                id=PaymentMethodId(new_id()),
                customer_id=customer_id,
                provider=method.provider,
                token=method.token,
                created_at=now,
            )
        )
        kept.method_type = method.method_type
        kept.brand, kept.last4 = method.brand, method.last4
        kept.expiry_month, kept.expiry_year = method.expiry_month, method.expiry_year
        kept.save(force_insert=not same, force_update=bool(same))
    return kept
