"""Money in the back office: given back, within limits, or settled by hand."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.number_documents import number_all_documents
from apps.payments.services.operations import new_operation
from apps.platform.audit.models import AuditEntry
from tests.conftest import make_cause
from tests.integration.admin.conftest import Enter
from tests.integration.admin.order_pages import text_of
from tests.integration.admin.story import make_day
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

    def test_shows_what_the_customer_s_bank_took_back_instead(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("lead")
        self.refund(client, order, amount="10.00")
        order.refunds.update(status="not_owed", not_owed_minor=250)
        assert "not owed 2.50 EUR taken back by" in text_of(client, order)

    def test_shows_the_credit_note_and_what_cancels_it(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("lead")
        self.refund(client, order, amount="10.00")
        work_off()
        number_all_documents()
        work_off()
        note = order.credit_notes.get()
        assert f"Cancelled by {note.number} 10.00 EUR" in text_of(client, order)
        order.credit_notes.update(cancelled_by="R-2026-000099")
        assert "R-2026-000099" in text_of(client, order)

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


class TestClosingACall:
    @pytest.fixture
    def refund(self) -> PaymentOperation:
        """A refund of yesterday that the provider has only taken."""
        order = make_day().confirmed
        payment = Payment.objects.get(order_id=order.id)
        Payment.objects.filter(id=payment.id).update(refund_wanted_minor=500)
        now = timezone.now() - timedelta(days=1)
        operation = new_operation(
            payment, OperationKind.REFUND, amount_minor=500, cause=make_cause(), now=now
        )
        operation.state, operation.reference = "waiting", "mod_1"
        operation.next_at = now + timedelta(days=2)
        operation.save()
        return operation

    def page(self, refund: PaymentOperation, deed: str = "close_as_done") -> str:
        return f"/admin/payments/paymentoperation/{refund.id}/{deed}/"

    def detail(self, client: Client, refund: PaymentOperation) -> str:
        page = f"/admin/payments/paymentoperation/{refund.id}/change/"
        return client.get(page).content.decode()

    def test_as_done_writes_it_down(self, enter: Enter, refund: PaymentOperation) -> None:
        client = enter("finance")
        assert "It was not done…" in self.detail(client, refund)
        assert b"mod_1" in client.get(self.page(refund)).content
        client.post(self.page(refund), {"reason": "seen in the provider's books"})
        payment = Payment.objects.get(id=refund.payment_id)
        assert (payment.status, payment.refunded_minor) == ("partially_refunded", 500)
        entry = AuditEntry.objects.get(action="payments.close_call")
        assert entry.reason == "seen in the provider's books"
        assert entry.changes["state"] == ["waiting", "succeeded"]
        assert "It was not done…" not in self.detail(client, refund)

    def test_as_not_done_has_it_tried_again(self, enter: Enter, refund: PaymentOperation) -> None:
        enter("finance").post(self.page(refund, "close_as_not_done"), {"reason": "not there"})
        payment = Payment.objects.get(id=refund.payment_id)
        assert (payment.refunded_minor, payment.undo_at is None) == (0, False)

    def test_needs_a_reason(self, enter: Enter, refund: PaymentOperation) -> None:
        enter("finance").post(self.page(refund), {"reason": ""})
        assert not AuditEntry.objects.filter(action="payments.close_call").exists()

    @pytest.mark.parametrize("role", ["agent", "lead", "operations", "auditor"])
    def test_is_finance_s_alone(self, enter: Enter, refund: PaymentOperation, role: str) -> None:
        client = enter(role)
        assert client.post(self.page(refund), {"reason": "x"}).status_code == 403
        assert "It was done…" not in self.detail(client, refund)
        refund.refresh_from_db()
        assert refund.state == "waiting"

    def test_too_early_changes_nothing(self, enter: Enter, refund: PaymentOperation) -> None:
        PaymentOperation.objects.filter(id=refund.id).update(created_at=timezone.now())
        client = enter("finance")
        assert "It was done…" not in self.detail(client, refund)
        answer = client.post(self.page(refund), {"reason": "x"}, follow=True)
        assert b"nothing was changed" in answer.content
        assert not AuditEntry.objects.filter(action="payments.close_call").exists()

    def test_of_no_such_call_is_not_found(self, enter: Enter) -> None:
        client = enter("finance")
        for name in (uuid.uuid4(), "nonsense"):
            page = f"/admin/payments/paymentoperation/{name}/close_as_done/"
            assert client.post(page, {"reason": "x"}).status_code == 404
