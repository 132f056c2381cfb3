"""The page on which the customer of a sandbox payment approves it or does not."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import Payment, SandboxApproval
from apps.payments.services.handle_messages import handle_messages
from tests.integration.shop import call_off, drain_all, payment_of, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)

BUTTONS = ("Approve", "Refuse", "<form")


@pytest.fixture
def order() -> Order:
    """An order that waits for its customer."""
    stock({"SKU-A": {"BER": 5}})
    return settled(place(token="tok_requires_action"))


def page_of(payment: Payment) -> str:
    return f"/sandbox/approvals/{payment.authorization}"


def read(payment: Payment) -> str:
    """Open the page of a payment."""
    answer = Client().get(page_of(payment))
    assert answer.status_code == 200
    return answer.content.decode()


def decide(payment: Payment, decision: str) -> None:
    """Press a button of the page, which sends the customer back to us."""
    answer = Client().post(page_of(payment), {"decision": decision})
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/payments/{payment.id}/return",
    )


def hear_of_it() -> None:
    """Take in the decision, and do what follows from it."""
    handle_messages(now=timezone.now())
    work_off()


class TestTheSandboxsPage:
    def test_asks_while_nothing_is_decided(self, order: Order) -> None:
        text = read(payment_of(order))
        assert all(one in text for one in BUTTONS)
        assert "Nothing to decide" not in text

    @pytest.mark.parametrize(
        ("decision", "status"), [("approve", "captured"), ("refuse", "failed")]
    )
    def test_asks_nothing_once_it_is_decided(
        self, order: Order, decision: str, status: str
    ) -> None:
        payment = payment_of(order)
        decide(payment, decision)
        told_already = read(payment)
        hear_of_it()
        assert payment_of(order).status == status
        for text in (told_already, read(payment)):
            assert "Nothing to decide" in text
            assert "does not wait for anybody (any more)" in text
            assert not any(one in text for one in BUTTONS)

    def test_asks_nothing_of_an_order_that_was_called_off(self, order: Order) -> None:
        payment = payment_of(order)
        call_off(order)
        drain_all()
        assert payment_of(order).status == "requires_action"
        text = read(payment)
        assert "Nothing to decide" in text
        assert not any(one in text for one in BUTTONS)

    def test_keeps_the_first_decision_when_a_button_is_pressed_again(self, order: Order) -> None:
        payment = payment_of(order)
        decide(payment, "approve")
        decide(payment, "refuse")
        hear_of_it()
        assert SandboxApproval.objects.get().approved
        assert payment_of(order).status == "captured"
