"""Orders whose charge is disputed at Stripe: what a bank says, and what went back meanwhile."""

from functools import cache
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from apps.payments.services.handle_messages import handle_messages
from config.invariants import Scope, list_invariants
from config.invariants.checking import parameters_of
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
    """Name the invariants of a quiet shop that do not hold; nobody sends mails here.

    They are asked together: a transaction for each, as the command has, takes a few times as long.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ask_all(), parameters_of(Scope(is_settled=True)))
        return [name for (name,) in cursor.fetchall()]


@cache
def _ask_all() -> str:
    wanted = [one for one in list_invariants() if one.name != "no_message_is_due"]
    return " UNION ALL ".join(
        f"SELECT '{one.name}' WHERE EXISTS (SELECT FROM ({one.sql}) broken)" for one in wanted
    )
