"""A shop where something of everything that our API speaks of is there, and callers who may ask for it."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from apps.customers.domain.identifiers import AddressId, PaymentMethodId
from apps.customers.domain.profile import Profile
from apps.customers.domain.saved_payment import SavedPayment
from apps.customers.services.add_address import add_address
from apps.customers.services.register_customer import register_customer
from apps.customers.services.save_payment_method import save_payment_method
from apps.kernel.identifiers import CustomerId
from apps.orders.models import Order
from apps.platform.web.issuing import issue_token
from apps.platform.web.principals import ALL_SCOPES, CUSTOMER_SCOPES
from tests.conftest import make_cause
from tests.integration.shop import ADDRESS, payment_of, place, settled, stock

SKU, WAREHOUSE = "SKU-0001", "BER"
"""What the examples in the document are about."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What there is.

    Attributes:
        orders: by what is to be done with them; each is authorised, and nothing is charged yet.

    """

    customer_id: CustomerId
    address_id: AddressId
    payment_method_id: PaymentMethodId
    orders: dict[str, Order]

    def path_value(self, name: str, operation_id: str) -> str:
        """Give what really is there for a parameter of a path; each way to end an order has one."""
        order = self.orders.get(operation_id, self.orders["get_order"])
        return str(
            {
                "address_id": self.address_id,
                "customer_id": self.customer_id,
                "payment_id": payment_of(order).id,
                "payment_method_id": self.payment_method_id,
                "provider": "sandbox",
                "reference": order.id,
            }[name]
        )


def open_shop() -> Shop:
    """Stock the shop, register a customer and have orders placed; nothing is charged unasked."""
    stock({SKU: {WAREHOUSE: 1_000_000}})
    now = timezone.now()
    profile = Profile.build(
        name="Ada Example",
        email=f"{uuid.uuid4()}@example.com",
        phone="",
        locale="en",
        region="eu-west-1",
        wants_email=True,
        wants_sms=False,
    )
    customer_id = register_customer(profile=profile, cause=make_cause(), now=now).id
    method = SavedPayment.build(
        provider="sandbox",
        method_type="card",
        token="tok_approve",
        brand="visa",
        last4="4242",
        expiry_month=12,
        expiry_year=2030,
    )
    ends = ("get_order", "cancel_order", "refund_order", "capture_payment", "void_payment")
    return Shop(
        customer_id=customer_id,
        address_id=add_address(customer_id=customer_id, address=ADDRESS, now=now).id,
        payment_method_id=save_payment_method(customer_id=customer_id, method=method, now=now).id,
        orders={end: settled(place([(SKU, 2)], customer_id=customer_id)) for end in ends},
    )


def token_of(customer_id: CustomerId | None, private_key: str) -> str:
    """Give the token of a customer, or without one of a service that may do everything."""
    return issue_token(
        private_key_pem=private_key,
        subject="contract",
        scopes=ALL_SCOPES if customer_id is None else CUSTOMER_SCOPES,
        customer_id=customer_id,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
