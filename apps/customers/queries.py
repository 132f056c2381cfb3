"""What is read from customers."""

import re
from typing import Final

from apps.customers.domain.identifiers import AddressId
from apps.customers.domain.refusals import AddressNotFound, CustomerNotFound
from apps.customers.models import Customer, CustomerAddress, PaymentMethod
from apps.kernel.identifiers import CustomerId

MOST_OF_ONE_TELEPHONE: Final = 50
_TELEPHONE: Final = re.compile(r"[0-9 ()/.-]{7,30}")


def get_customer(customer_id: CustomerId) -> Customer:
    """Give one customer.

    Raises:
        CustomerNotFound: there is none.
    """
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise CustomerNotFound("There is no such customer.")
    return customer


def find_customer_ids(term: str) -> list[CustomerId]:
    """Give whom a whole email address or telephone number belongs to, each by its index; else nobody.

    The number is written with its country code, with or without the `+`; several people may share it.
    """
    if "@" in term:
        named = Customer.objects.filter(email__iexact=term)
    elif _TELEPHONE.fullmatch(term.removeprefix("+")):
        named = Customer.objects.filter(phone=f"+{re.sub('[^0-9]', '', term)}")
    else:
        return []
    return list(named.values_list("id", flat=True)[:MOST_OF_ONE_TELEPHONE])


def get_address(*, customer_id: CustomerId, address_id: AddressId) -> CustomerAddress:
    """Give one address of a customer.

    Raises:
        AddressNotFound: the customer has no such address.
    """
    kept = CustomerAddress.objects.filter(id=address_id, customer_id=customer_id).first()
    if kept is None:
        raise AddressNotFound("There is no such address.")
    return kept


def list_addresses(customer_id: CustomerId) -> list[CustomerAddress]:
    """Give a customer's addresses, the oldest first."""
    return list(CustomerAddress.objects.filter(customer_id=customer_id))


def list_payment_methods(customer_id: CustomerId) -> list[PaymentMethod]:
    """Give a customer's saved payment methods, the oldest first."""
    return list(PaymentMethod.objects.filter(customer_id=customer_id))
