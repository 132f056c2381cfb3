"""Customers who come back from PayPal's page, having paid or not."""

import uuid
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from apps.payments.models import Payment
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.paypal_messages import hear, ordered
from tests.integration.shop import call_off, payment_of, work_off

pytestmark = pytest.mark.django_db(transaction=True)

GO_BACK, THANKS = "Go back and pay", "Thank you"


def leave(paypal: SimulatedPayPal, payment: Payment, button: str) -> str:
    """Press a button of PayPal's page; gives the address to which it sends the customer."""
    with paypal.open(f"/checkoutnow/{button}?token={payment.authorization}", "POST") as answer:
        assert answer.status == 303
        return str(answer.headers["Location"])


def read(address: str) -> str:
    """Open a page of ours as a customer's browser does."""
    answer = Client().get(urlsplit(address)._replace(scheme="", netloc="").geturl())
    assert answer.status_code == 200
    return answer.content.decode()


def unpaid(payment_id: uuid.UUID) -> str:
    return read(f"/payments/{payment_id}/return?paid=no&token=5O190127TN364715T")


class TestACustomerWhoDidNotPay:
    def test_reads_so_and_may_go_back_and_pay(self, paypal: SimulatedPayPal) -> None:
        order = ordered()
        payment = payment_of(order)
        assert payment.action_expires_at is not None

        back = leave(paypal, payment, "cancel")
        text = read(back)

        assert parse_qs(urlsplit(back).query) == {"paid": ["no"], "token": [payment.authorization]}
        assert "Nothing was paid" in text
        assert f'<a href="{payment.action_url}">{GO_BACK}</a>' in text
        until = payment.action_expires_at
        assert f"until {until.day} {until:%B %Y, %H:%M} UTC" in text
        assert THANKS not in text
        work_off()
        waiting = payment_of(order)
        assert (waiting.status, waiting.action_url) == ("requires_action", payment.action_url)
        assert waiting.action_expires_at == until

        leave(paypal, payment, "approve")
        hear(paypal, "CHECKOUT.ORDER.APPROVED")
        assert payment_of(order).status == "captured"

    def test_is_shown_no_way_to_a_payment_that_is_made(self, paypal: SimulatedPayPal) -> None:
        payment = payment_of(ordered("vault-ok"))
        assert payment.status == "captured"
        self.is_told_that_nothing_waits(payment.id)

    def test_is_shown_no_way_to_a_payment_that_is_called_off(self, paypal: SimulatedPayPal) -> None:
        order = ordered()
        call_off(order)
        work_off()
        assert payment_of(order).status == "failed"
        self.is_told_that_nothing_waits(payment_of(order).id)

    def test_is_shown_no_way_to_a_payment_that_nobody_wants(self, paypal: SimulatedPayPal) -> None:
        payment = payment_of(ordered())
        Payment.objects.filter(id=payment.id).update(is_unwanted=True)
        self.is_told_that_nothing_waits(payment.id)

    def test_is_shown_no_way_once_the_time_is_over(self, paypal: SimulatedPayPal) -> None:
        payment = payment_of(ordered())
        over = timezone.now() - timedelta(seconds=1)
        Payment.objects.filter(id=payment.id).update(action_expires_at=over)
        self.is_told_that_nothing_waits(payment.id)

    def test_of_no_payment_is_shown_nothing(self) -> None:
        self.is_told_that_nothing_waits(uuid.uuid4())

    def is_told_that_nothing_waits(self, payment_id: uuid.UUID) -> None:
        text = unpaid(payment_id)
        assert "This payment does not wait for anybody (any more)." in text
        assert not any(one in text for one in (GO_BACK, "href", "Nothing was paid", THANKS))


class TestACustomerWhoPaid:
    def test_is_thanked(self, paypal: SimulatedPayPal) -> None:
        order = ordered()
        payment = payment_of(order)

        back = leave(paypal, payment, "approve")
        text = read(back)

        query = parse_qs(urlsplit(back).query)
        assert query.pop("token") == [payment.authorization]
        assert list(query) == ["PayerID"]
        assert THANKS in text
        assert GO_BACK not in text
        work_off()
        assert payment_of(order).status == "captured"

    def test_reads_that_it_was_too_late_for_an_order_that_is_called_off(
        self, paypal: SimulatedPayPal
    ) -> None:
        order = ordered()
        back = leave(paypal, payment_of(order), "approve")
        call_off(order)
        work_off()
        text = read(back)
        assert "This order is not paid" in text
        assert THANKS not in text
