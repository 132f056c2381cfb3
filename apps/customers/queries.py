"""What is read from customers."""

from uuid import UUID

from apps.customers.domain.refusals import CustomerNotFound
from apps.customers.models import Customer, CustomerAddress, PaymentMethod


def get_customer(customer_id: UUID) -> Customer:
    """Give one customer.

    Raises:
        CustomerNotFound: there is none.
    """
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise CustomerNotFound("There is no such customer.")
    return customer


def list_addresses(customer_id: UUID) -> list[CustomerAddress]:
    """Give a customer's addresses, the oldest first."""
    return list(CustomerAddress.objects.filter(customer_id=customer_id))


def list_payment_methods(customer_id: UUID) -> list[PaymentMethod]:
    """Give a customer's saved payment methods, the oldest first."""
    return list(PaymentMethod.objects.filter(customer_id=customer_id))
