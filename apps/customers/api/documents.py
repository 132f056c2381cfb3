"""Customers as the API shows them."""

from apps.customers.api.bodies import (
    CustomerAddressDocument,
    CustomerDocument,
    PaymentMethodDocument,
)
from apps.customers.models import Customer, CustomerAddress, PaymentMethod


def customer_document(customer: Customer) -> CustomerDocument:
    """Show a customer's profile."""
    return CustomerDocument(
        id=customer.id,
        email=customer.email,
        name=customer.name,
        phone=customer.phone,
        locale=customer.locale,
        region=customer.region,
        wants_email=customer.wants_email,
        wants_sms=customer.wants_sms,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def address_document(kept: CustomerAddress) -> CustomerAddressDocument:
    """Show an address."""
    return CustomerAddressDocument(id=kept.id, **kept.address.as_dict())


def payment_method_document(method: PaymentMethod) -> PaymentMethodDocument:
    """Show a saved payment method."""
    return PaymentMethodDocument(
        id=method.id,
        provider=method.provider,
        type=method.method_type,
        token=method.token,
        brand=method.brand,
        last4=method.last4,
        expiry_month=method.expiry_month,
        expiry_year=method.expiry_year,
        created_at=method.created_at,
    )
