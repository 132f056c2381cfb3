"""What the page of a payment offers: to give back and to settle only what is owed."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.orders.models import Order
from apps.payments.models import Payment, PaymentOperation
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import Day, make_day
from tests.integration.shop import call_off, drain_all, work_off

pytestmark = pytest.mark.django_db(transaction=True)

GIVE_BACK, SETTLE = "Give the money back…", "Settle by hand…"
TOO_LATE = "Nothing is owed back, or a call for it is under way."


def offered(client: Client, order: Order) -> set[str]:
    """Give which of the two the page of an order's payment offers."""
    payment = Payment.objects.get(order_id=order.id)
    text = client.get(f"/admin/payments/payment/{payment.id}/change/").content.decode()
    assert "Look again now" in text
    return {deed for deed in (GIVE_BACK, SETTLE) if deed in text}


def stuck(order: Order) -> Order:
    """Cancel a charged order, and have the provider refuse the refund."""
    call_off(order)
    drain_all()
    PaymentOperation.objects.filter(kind="refund", payment__order_id=order.id).update(
        state="declined"
    )
    return order


def refund_of(order: Order) -> PaymentOperation:
    """Give the only refund of an order's payment."""
    return PaymentOperation.objects.get(kind="refund", payment__order_id=order.id)


class TestAPayment:
    @pytest.mark.parametrize(
        "choose",
        [lambda day: day.confirmed, lambda day: day.declined, lambda day: day.approving],
        ids=["charged", "declined", "waiting for its customer"],
    )
    def test_that_is_as_it_should_be_offers_neither(
        self, enter: Enter, choose: Callable[[Day], Order]
    ) -> None:
        assert offered(enter("finance"), choose(make_day())) == set()

    def test_that_went_back_whole_offers_neither(self, enter: Enter) -> None:
        order = make_day().confirmed
        call_off(order)
        work_off()
        assert Payment.objects.get(order_id=order.id).status == "refunded"
        assert offered(enter("finance"), order) == set()

    def test_whose_refund_is_under_way_offers_neither(self, enter: Enter) -> None:
        order = make_day().confirmed
        call_off(order)
        drain_all()
        assert Payment.objects.get(order_id=order.id).owes_money_back
        assert refund_of(order).state == "pending"
        assert offered(enter("finance"), order) == set()

    @pytest.mark.parametrize(
        ("role", "deeds"),
        [
            ("finance", {GIVE_BACK, SETTLE}),
            ("lead", {GIVE_BACK}),
            ("operations", {GIVE_BACK}),
            ("auditor", set()),
        ],
    )
    def test_whose_refund_was_refused_offers_what_the_role_may_do(
        self, enter: Enter, role: str, deeds: set[str]
    ) -> None:
        order = stuck(make_day().confirmed)
        payment = Payment.objects.get(order_id=order.id)
        text = enter(role).get(f"/admin/payments/payment/{payment.id}/change/").content.decode()
        assert {deed for deed in (GIVE_BACK, SETTLE) if deed in text} == deeds

    def test_of_which_all_that_is_owed_is_disputed_can_be_settled_only(self, enter: Enter) -> None:
        order = stuck(make_day().confirmed)
        payment = Payment.objects.get(order_id=order.id)
        Payment.objects.filter(id=payment.id).update(disputed_minor=payment.captured_minor)
        assert offered(enter("finance"), order) == {SETTLE}

    @pytest.mark.parametrize("deed", ["undo_again", "settle"])
    def test_still_refuses_what_another_person_has_done_meanwhile(
        self, enter: Enter, deed: str
    ) -> None:
        order = stuck(make_day().confirmed)
        client = enter("finance")
        payment = Payment.objects.get(order_id=order.id)
        page = f"/admin/payments/payment/{payment.id}/"
        assert client.get(f"{page}{deed}/").status_code == 200
        client.post(f"{page}settle/", {"reason": "bank transfer of today"})
        answer = client.post(f"{page}{deed}/", {"reason": "I was slower"}, follow=True)
        assert TOO_LATE in answer.content.decode()
        assert PaymentOperation.objects.filter(payment=payment, kind="refund").count() == 2
