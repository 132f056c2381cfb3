"""The saga of placement, step by step on a real database, with the workers' code in this process."""

import pytest

from apps.inventory.models import Reservation, StockMovement
from apps.orders.models import Order, OrderStep
from apps.payments.models import PaymentOperation
from tests.integration.shop import levels, payment_of, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


class TestPlacement:
    def test_confirms_an_order_whose_stock_and_money_are_there(self) -> None:
        stock({"SKU-A": {"BER": 10}, "SKU-B": {"BER": 5}})
        order = settled(place([("SKU-A", 2), ("SKU-B", 1)]))
        assert order.status == "confirmed"
        assert order.total_minor == 3 * 1990 + 490
        assert levels() == {"SKU-A@BER": (10, 2), "SKU-B@BER": (5, 1)}
        payment = payment_of(order)
        assert (payment.status, payment.captured_minor) == ("captured", order.total_minor)
        assert Reservation.objects.get(order_id=order.id).status == "committed"

    def test_tells_its_history_in_order(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place())
        steps = OrderStep.objects.filter(order_id=order.id).order_by("position")
        assert [(step.position, step.what) for step in steps] == [
            (1, "Order placed"),
            (2, "Stock reserved"),
            (3, "Payment authorized"),
            (4, "Order confirmed"),
            (5, "Payment captured"),
        ]

    def test_cancels_when_stock_is_short_and_names_the_skus(self) -> None:
        stock({"SKU-A": {"BER": 1}, "SKU-B": {"BER": 5}})
        order = settled(place([("SKU-A", 2), ("SKU-B", 1)]))
        assert (order.status, order.cancel_reason) == ("cancelled", "out_of_stock")
        assert order.cancel_detail == "Not enough stock of SKU-A."
        assert levels() == {"SKU-A@BER": (1, 0), "SKU-B@BER": (5, 0)}
        assert not PaymentOperation.objects.exists()

    def test_cancels_and_releases_when_the_payment_is_declined(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_decline"))
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_failed")
        assert order.cancel_detail == "Your card was declined."
        assert levels() == {"SKU-A@BER": (10, 0)}
        assert StockMovement.objects.filter(kind="release").count() == 1
        assert PaymentOperation.objects.count() == 1

    def test_keeps_waiting_while_the_provider_is_down(self, rare_calls: None) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_unavailable"))
        assert order.status == "payment_pending"
        assert levels() == {"SKU-A@BER": (10, 1)}
        operation = PaymentOperation.objects.get()
        assert (operation.state, operation.attempts) == ("pending", 1)

    def test_shows_where_to_approve_the_payment(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        order = settled(place(token="tok_requires_action"))
        assert (order.status, order.payment_status) == ("payment_pending", "requires_action")
        assert "/sandbox/approvals/sbx_" in order.payment_action_url

    def test_numbers_are_different_and_checked(self) -> None:
        stock({"SKU-A": {"BER": 10}})
        numbers = {place().number for _ in range(5)}
        assert len(numbers) == 5
        assert Order.objects.filter(number__in=numbers).count() == 5
