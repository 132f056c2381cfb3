"""Orders paid with PayPal, and its messages brought to our door as its simulator sent them."""

from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.services.handle_messages import handle_messages
from tests.contract.payments.running import Letter
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.shop import place, work_off

DOOR = "/api/v1/webhooks/paypal"


def ordered(token: str = "wallet") -> Order:
    """Place an order, and go as far as it goes by itself."""
    order = place(provider="paypal", token=token, method_type="paypal")
    work_off()
    return order


def hear(paypal: SimulatedPayPal, event_type: str) -> None:
    """Bring a message of PayPal's to our door, as it was sent, and do what follows from it."""
    (letter,) = paypal.receiver.wait_for(event_type)
    bring(letter)


def bring(letter: Letter) -> None:
    """Bring one message to our door, again or for the first time, and do what follows from it."""
    headers = {name: one for name, one in letter.headers.items() if name.startswith("paypal-")}
    said = Client().post(DOOR, letter.body, content_type="application/json", headers=headers)
    assert said.status_code == 200, said.content
    handle_messages(now=timezone.now())
    work_off()
