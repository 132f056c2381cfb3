"""Orders whose payment PayPal reviews before it authorises it, over real HTTP, as everybody sees them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from apps.inventory.models import Reservation
from apps.inventory.services.expire_reservations import expire_reservations
from apps.kernel.events.payments import PaymentUnderReview
from apps.notifications.queries import list_messages
from apps.orders.models import Order
from apps.orders.services.advance_orders import show_review
from apps.payments.queries import find_payment_to_go_on_with
from apps.payments.services.look_again import look_again
from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.principals import ALL_SCOPES
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.admin.order_pages import text_of
from tests.integration.api.conftest import Caller
from tests.integration.notifications.story import delivered
from tests.integration.payments.paypal_messages import bring, hear, ordered
from tests.integration.shop import call_off, payment_of, place, settled, stock, work_off
from tests.unit.web.keys import new_private_key

pytestmark = pytest.mark.django_db(transaction=True)

REVIEWED = "Payment is being reviewed by PayPal"


@pytest.fixture(scope="module")
def key() -> str:
    return new_private_key()


@pytest.fixture
def service(settings: Settings, key: str) -> Caller:
    """Whoever may read all orders over the API."""
    settings.OMS_JWKS = public_jwks(key)
    token = issue_token(
        private_key_pem=key,
        subject="storefront",
        scopes=ALL_SCOPES,
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
    return Caller(token)


def shown(service: Caller, order: Order) -> dict[str, Any]:
    """Read an order over the API."""
    return dict(json.loads(service.call("GET", f"/orders/{order.id}").content))


def steps_of(service: Caller, order: Order) -> list[str]:
    timeline = json.loads(service.call("GET", f"/orders/{order.id}/timeline").content)
    return [step["what"] for step in timeline["results"]]


def reviewed(paypal: SimulatedPayPal) -> Order:
    """Have an order approved by its customer, and its payment reviewed."""
    order = ordered()
    paypal.approve(payment_of(order).authorization, wallet="pending")
    hear(paypal, "CHECKOUT.ORDER.APPROVED")
    return Order.objects.get(id=order.id)


def decide(paypal: SimulatedPayPal, order: Order, status: str) -> Order:
    """Have PayPal end its review, and tell."""
    (books,) = paypal.payment(payment_of(order).id)["orders"]
    paypal.let("settle", authorization=books["authorization"], status=status)
    event = "CREATED" if status == "CREATED" else "DENIED"
    # PayPal told of the authorisation when it began the review, too.
    count = 2 if status == "CREATED" else 1
    bring(paypal.receiver.wait_for(f"PAYMENT.AUTHORIZATION.{event}", count=count)[-1])
    return Order.objects.get(id=order.id)


class TestAReview:
    def test_after_the_approval_is_seen_on_the_order(
        self, paypal: SimulatedPayPal, service: Caller
    ) -> None:
        order = reviewed(paypal)

        assert steps_of(service, order) == [
            "Order placed",
            "Stock reserved",
            "Customer must approve the payment",
            REVIEWED,
        ]
        document = shown(service, order)
        assert document["status"] == "payment_pending"
        assert document["payment"] == {
            "id": str(payment_of(order).id),
            "provider": "paypal",
            "method_type": "paypal",
            "status": "pending",
            "action_url": None,
        }
        staff = Client()
        staff.force_login(User.objects.create_superuser("root"))
        page = text_of(staff, order)
        assert REVIEWED in page
        assert "to approve the payment on" not in page

    def test_is_told_to_the_customer_once(self, paypal: SimulatedPayPal) -> None:
        order = reviewed(paypal)
        look_again(payment_ids=[payment_of(order).id], now=timezone.now())
        decide(paypal, order, "CREATED")
        assert [one.kind for one in list_messages(order_id=order.id)] == [
            "order_received",
            "payment_action_needed",
            "payment_under_review",
            "order_confirmed",
        ]

    def test_asks_the_customer_no_more(self, paypal: SimulatedPayPal) -> None:
        payment = payment_of(reviewed(paypal))
        assert (payment.status, payment.action_url) == ("requires_action", "")
        assert find_payment_to_go_on_with(payment.id, timezone.now()) is None

    def test_of_a_saved_wallet_is_seen_at_once(
        self, paypal: SimulatedPayPal, service: Caller
    ) -> None:
        order = ordered("vault-pending")
        assert steps_of(service, order)[2:] == [REVIEWED]
        document = shown(service, order)["payment"]
        assert (document["id"], document["status"]) == (str(payment_of(order).id), "pending")

    def test_that_goes_on_is_told_once(self, paypal: SimulatedPayPal, service: Caller) -> None:
        order = reviewed(paypal)
        for _ in range(3):
            look_again(payment_ids=[payment_of(order).id], now=timezone.now())
            work_off()
        assert steps_of(service, order).count(REVIEWED) == 1

    @pytest.mark.parametrize("token", ["wallet", "vault-pending"])
    def test_that_approves_confirms_the_order(
        self, paypal: SimulatedPayPal, service: Caller, token: str
    ) -> None:
        order = decide(paypal, reviewed(paypal) if token == "wallet" else ordered(token), "CREATED")

        assert (order.status, order.payment_status) == ("confirmed", "captured")
        assert steps_of(service, order)[-4:] == [
            REVIEWED,
            "Payment authorized",
            "Order confirmed",
            "Payment captured",
        ]

    @pytest.mark.parametrize("token", ["wallet", "vault-pending"])
    def test_that_denies_calls_the_order_off(
        self, paypal: SimulatedPayPal, service: Caller, token: str
    ) -> None:
        order = decide(paypal, reviewed(paypal) if token == "wallet" else ordered(token), "DENIED")

        assert (order.status, order.payment_status) == ("cancelled", "failed")
        assert steps_of(service, order)[-2:] == [REVIEWED, "Order cancelled: payment failed"]
        assert paypal.payment(payment_of(order).id)["live_authorizations"] == 0

    def test_outlasts_the_time_that_the_customer_had(
        self, paypal: SimulatedPayPal, service: Caller
    ) -> None:
        order = reviewed(paypal)
        for _ in range(3):
            expire_reservations(now=Reservation.objects.get().expires_at)
        assert settled(order).status == "payment_pending"

        order = decide(paypal, order, "CREATED")

        assert order.status == "confirmed"
        assert Reservation.objects.get().status == "committed"

    def test_ends_with_the_longest_that_stock_is_held(self, paypal: SimulatedPayPal) -> None:
        order = reviewed(paypal)
        expire_reservations(now=Reservation.objects.get().latest_at)
        order = settled(order)
        assert (order.status, order.cancel_reason) == ("cancelled", "reservation_expired")
        assert paypal.payment(payment_of(order).id)["live_authorizations"] == 0

    def test_is_ended_by_calling_the_order_off(self, paypal: SimulatedPayPal) -> None:
        order = reviewed(paypal)
        call_off(order)
        assert settled(order).status == "cancelled"
        assert paypal.payment(payment_of(order).id)["live_authorizations"] == 0


def told_of(order: Order) -> PaymentUnderReview:
    payment = payment_of(order)
    return PaymentUnderReview(payment_id=payment.id, order_id=order.id, provider="paypal")


def row_of(order: Order) -> dict[str, Any]:
    return dict(Order.objects.filter(id=order.id).values().get())


class TestNewsOfAReview:
    @pytest.mark.parametrize("status", ["confirmed", "cancellation_pending", "cancelled"])
    def test_changes_nothing_once_the_order_is_decided(self, status: str) -> None:
        stock({"SKU-A": {"BER": 5}})
        order = settled(place())
        if status != "confirmed":
            call_off(order)
        if status == "cancelled":
            work_off()
        before = row_of(order)
        assert before["status"] == status

        show_review([delivered(told_of(order))], now=timezone.now())

        assert row_of(order) == before

    def test_costs_as_many_statements_for_a_hundred_orders_as_for_one(self) -> None:
        stock({"SKU-A": {"BER": 200}})
        for size in (1, 100):
            orders = [place(token="tok_requires_action") for _ in range(size)]
            work_off()
            batch = [delivered(told_of(order)) for order in orders]
            with CaptureQueriesContext(connection) as captured:
                show_review(batch, now=timezone.now())
            statements = [
                one["sql"]
                for one in captured.captured_queries
                if not one["sql"].startswith(("BEGIN", "COMMIT"))
            ]
            assert len(statements) == 3, statements
