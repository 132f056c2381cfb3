"""Orders whose charge is disputed at Stripe: what a bank says, and what went back meanwhile."""

from typing import Any

from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from apps.payments.services.handle_messages import handle_messages
from config.invariants import Scope, check_invariants, list_invariants
from tests.integration.payments.stripe_messages import receive
from tests.integration.shop import payment_of, place, work_off


def paid() -> Order:
    """Place an order with Stripe and have it charged."""
    order = place(provider="stripe", token="pm_card_visa")
    work_off()
    assert payment_of(order).status == "captured"
    return order


def dispute(order: Order, status: str = "needs_response", **changes: Any) -> None:
    """Hear of a dispute, of the whole charge unless it says otherwise."""
    payment = payment_of(order)
    receive(
        {
            "object": "dispute",
            "id": "du_1",
            "amount": payment.captured_minor,
            "currency": "eur",
            "reason": "fraudulent",
            "status": status,
            "payment_intent": payment.authorization,
            **changes,
        },
        timezone.now(),
    )
    handle_messages(now=timezone.now())


def given_back(order: Order) -> list[int]:
    made = PaymentOperation.objects.filter(kind="refund", state="succeeded").order_by("id")
    return list(made.values_list("amount_minor", flat=True))


def broken() -> list[str]:
    """Name the invariants of a quiet shop that do not hold; nobody sends mails here."""
    wanted = [one for one in list_invariants() if one.name != "no_message_is_due"]
    found = check_invariants(wanted, scope=Scope(is_settled=True))
    return [one.invariant.name for one in found if not one.holds]
