"""Refunds of which a bank has taken a part: whatever was refunded and lost, they say what is still owed."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from apps.kernel.identifiers import RefundId, new_id
from apps.orders.models import Order, OrderRefund
from apps.orders.services.mark_refunds import mark_refunds
from tests.conftest import make_cause
from tests.integration.shop import place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)

CHARGED = 6
ASKED_FOR = [(1,), (6,), (2, 3), (1, 2, 3)]
"""Refunds in minor units, of a charge of six."""


@pytest.fixture
def order() -> Order:
    """An order that is charged."""
    stock({"SKU-A": {"BER": 10}})
    order = settled(place([("SKU-A", 1)]))
    Order.objects.filter(id=order.id).update(captured_minor=CHARGED)
    return order


def mark(order: Order, refunded: int, *, is_failing: bool = False) -> None:
    mark_refunds(
        {order.id: refunded},
        causes={order.id: make_cause()},
        now=timezone.now(),
        is_failing=is_failing,
    )


def ask_for(order: Order, amounts: tuple[int, ...], status: str = "requested") -> None:
    """Have these been all the refunds of an order."""
    OrderRefund.objects.all().delete()
    now = timezone.now() - timedelta(days=1)
    OrderRefund.objects.bulk_create(
        OrderRefund(
            id=RefundId(new_id()),
            order_id=order.id,
            nth=nth,
            amount_minor=amount,
            reason="",
            status=status,
            requested_by="test",
            created_at=now,
            updated_at=now,
        )
        for nth, amount in enumerate(amounts, start=1)
    )


def states(order: Order) -> list[tuple[int, str, int]]:
    rows = OrderRefund.objects.filter(order_id=order.id).order_by("nth")
    return list(rows.values_list("amount_minor", "status", "not_owed_minor"))


class TestRefunds:
    @pytest.mark.parametrize("amounts", ASKED_FOR)
    @pytest.mark.parametrize("status", ["requested", "failing", "done"])
    def test_add_up_to_what_went_back_and_what_is_owed(
        self, order: Order, amounts: tuple[int, ...], status: str
    ) -> None:
        wanted = sum(amounts)
        for lost, refunded in product(range(CHARGED + 1), range(wanted + 1)):
            ask_for(order, amounts, status)
            Order.objects.filter(id=order.id).update(lost_minor=lost)
            mark(order, refunded)
            found = states(order)
            # As payments counts it: `owed_back_minor`.
            owed = max(0, min(wanted, CHARGED - lost) - refunded)
            not_owed = sum(one[2] for one in found)
            assert wanted - not_owed == refunded + owed, (lost, refunded, found)
            is_open = any(one[1] in ("requested", "failing") for one in found)
            assert is_open == (owed > 0), (lost, refunded, found)
            for amount, state, lacking in found:
                assert state != "done" or lacking == 0
                assert state != "not_owed" or lacking > 0
                assert lacking < amount or state == "not_owed"

    def test_marked_again_change_nothing(self, order: Order) -> None:
        ask_for(order, (2, 3))
        Order.objects.filter(id=order.id).update(lost_minor=3)
        mark(order, 3)
        assert states(order) == [(2, "done", 0), (3, "not_owed", 2)]
        rows = list(OrderRefund.objects.order_by("nth").values())
        steps = order.history.count()
        mark(order, 3)
        assert list(OrderRefund.objects.order_by("nth").values()) == rows
        assert order.history.count() == steps

    def test_that_fail_are_failing_but_for_what_is_not_owed(self, order: Order) -> None:
        ask_for(order, (2, 3, 1))
        Order.objects.filter(id=order.id).update(lost_minor=2)
        mark(order, 2, is_failing=True)
        assert states(order) == [(2, "done", 0), (3, "failing", 1), (1, "not_owed", 1)]

    def test_that_did_not_last_are_open_again(self, order: Order) -> None:
        ask_for(order, (2, 3))
        Order.objects.filter(id=order.id).update(lost_minor=3)
        mark(order, 3)
        mark(order, 0)
        assert states(order) == [(2, "requested", 0), (3, "requested", 2)]
