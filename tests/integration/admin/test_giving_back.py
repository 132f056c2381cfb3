"""Money in the back office: given back, within limits, or settled by hand."""

from typing import Any

import pytest
from django.test import Client

from apps.orders.models import Order
from apps.payments.models import Payment
from apps.platform.audit.models import AuditEntry
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day
from tests.integration.admin.test_orders import text_of
from tests.integration.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)


class TestRefunding:
    def refund(self, client: Client, order: Order, **answers: str) -> Any:
        data = {"amount": "", "reason": "dented", **answers}
        return client.post(f"/admin/orders/order/{order.id}/refund/", data, follow=True)

    def test_gives_money_back_writes_it_down_and_shows_it(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("lead")
        assert "Refund…" in text_of(client, order)
        self.refund(client, order, amount="10.00")
        work_off()
        refund = order.refunds.get()
        assert (refund.amount_minor, refund.status, refund.reason) == (1000, "done", "dented")
        entry = AuditEntry.objects.get(action="orders.refund")
        assert (entry.reason, entry.changes["amount_minor"]) == ("dented", [0, 1000])
        assert "10.00 EUR – done dented" in text_of(client, order)

    def test_takes_units_of_lines(self, enter: Enter) -> None:
        order = make_day().confirmed
        self.refund(enter("lead"), order, units_1="1")
        assert [line["quantity"] for line in order.refunds.get().lines] == [1]

    @pytest.mark.parametrize(
        "answers",
        [
            {"amount": "10.00", "units_1": "1"},
            {"amount": "much"},
            {"units_1": "1000"},
            {"amount": "10.00", "reason": ""},
        ],
    )
    def test_asks_again_where_the_answer_makes_no_sense(
        self, enter: Enter, answers: dict[str, str]
    ) -> None:
        order = make_day().confirmed
        answer = self.refund(enter("lead"), order, **answers)
        assert b"Refund order" in answer.content
        assert not order.refunds.exists()

    def test_is_limited_for_a_lead_and_not_for_finance(self, enter: Enter, settings: Any) -> None:
        settings.OMS_LEAD_REFUND_HUNDREDTHS = 1500
        order = make_day().confirmed
        lead = enter("lead")
        self.refund(lead, order, amount="10.00")
        assert b"higher limit" in self.refund(lead, order, amount="10.00").content
        assert order.refunds.get().amount_minor == 1000
        self.refund(enter("finance"), order, amount="10.00")
        assert order.refunds.count() == 2

    def test_is_closed_to_others_and_where_nothing_is_charged(self, enter: Enter) -> None:
        day = make_day()
        assert self.refund(enter("agent"), day.confirmed, amount="1.00").status_code == 403
        assert "Refund…" not in text_of(enter("lead"), day.waiting)


class TestSettlingByHand:
    def test_ends_a_cancellation_whose_refund_is_stuck(self, enter: Enter) -> None:
        order = make_day().confirmed
        Payment.objects.filter(order_id=order.id).update(refund_wanted_minor=500)
        payment = Payment.objects.get(order_id=order.id)
        page = f"/admin/payments/payment/{payment.id}/settle/"
        assert enter("lead").get(page).status_code == 403
        client = enter("finance")
        assert b"by hand" in client.get(page).content
        client.post(page, {"reason": "bank transfer of today"})
        payment = Payment.objects.get(id=payment.id)
        assert (payment.status, payment.refunded_minor) == ("partially_refunded", 500)
        entry = AuditEntry.objects.get(action="payments.settle_refund")
        assert entry.changes == {"refunded_minor": [0, 500]}
