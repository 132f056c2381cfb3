"""A shop whose payments are compared with what their provider settled."""

import io

from django.core.management import CommandError, call_command

from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from tests.integration.shop import call_off, payment_of, place, work_off


def paid(provider: str = "stripe", token: str = "pm_card_visa") -> Order:
    """Place an order and have it paid."""
    order = place(provider=provider, token=token)
    work_off()
    assert payment_of(order).status == "captured"
    return order


def refunded(order: Order) -> None:
    """Call an order off, and have its money given back."""
    call_off(order)
    work_off()
    assert payment_of(order).status == "refunded"


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; gives its exit status and all that it says."""
    out = io.StringIO()
    try:
        call_command("reconcile_payments", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def capture_of(order: Order) -> str:
    """Give the provider's name of an order's capture."""
    return PaymentOperation.objects.get(payment__order_id=order.id, kind="capture").reference
