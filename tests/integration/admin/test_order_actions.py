"""What staff may do to an order on its page."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.kernel.errors import JsonValue
from apps.orders.models import Order
from apps.payments.models import Payment, PaymentOperation
from apps.platform.audit.models import AuditEntry
from apps.platform.outbox.models import StoredEvent
from tests.integration.admin.conftest import Enter
from tests.integration.admin.order_pages import LIST, page_of, text_of
from tests.integration.admin.story import make_day
from tests.integration.shop import drain_all, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def cancel_as(client: Client, order: Order, **changes: str) -> int:
    """Send the form of the cancellation; gives the status of the answer."""
    form = {"cause": "customer_request", "reason": "called and asked for it", **changes}
    return client.post(f"{LIST}{order.id}/cancel/", form).status_code


class TestCancel:
    @pytest.mark.parametrize("role", ["agent", "lead", "operations"])
    def test_calls_the_order_off_and_writes_down_who_did(self, enter: Enter, role: str) -> None:
        from django.contrib.auth.models import User

        order = make_day().confirmed
        client = enter(role)
        asked = client.get(f"{LIST}{order.id}/cancel/")
        assert f"Cancel order {order.number}".encode() in asked.content
        assert cancel_as(client, order) == 302
        after = Order.objects.get(id=order.id)
        assert (after.status, after.cancel_reason) == ("cancellation_pending", "customer_request")
        assert after.cancel_detail == "called and asked for it"
        entry = AuditEntry.objects.get(subject_id=str(order.id))
        actor = f"agent:{User.objects.get(username=role).pk}"
        expected: dict[str, JsonValue] = {
            "status": ["confirmed", "cancellation_pending"],
            "cancel_reason": ["", "customer_request"],
        }
        assert (entry.actor, entry.action, entry.subject_type) == (actor, "orders.cancel", "order")
        assert (entry.reason, entry.changes) == ("called and asked for it", expected)
        assert entry.ip == "127.0.0.1"
        event = StoredEvent.objects.get(key=order.id, type="orders.order_cancellation_requested")
        assert (event.actor, event.correlation_id) == (actor, entry.correlation_id)
        work_off()
        assert Order.objects.get(id=order.id).status == "cancelled"
        assert f"{role} ({actor})" in text_of(client, order)

    def test_changes_and_writes_nothing_when_asked_again(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("lead")
        cancel_as(client, order)
        cancel_as(client, order)
        assert AuditEntry.objects.filter(subject_id=str(order.id)).count() == 1
        shown = client.get(page_of(order)).content.decode()
        assert "was being cancelled already" in shown

    @pytest.mark.parametrize("role", ["finance", "auditor"])
    def test_is_refused_to_other_roles(self, enter: Enter, role: str) -> None:
        order = make_day().confirmed
        client = enter(role)
        assert client.get(f"{LIST}{order.id}/cancel/").status_code == 403
        assert cancel_as(client, order) == 403
        assert Order.objects.get(id=order.id).status == "confirmed"
        assert not AuditEntry.objects.exists()
        assert "Cancel…" not in client.get(page_of(order)).content.decode()

    @pytest.mark.parametrize(
        "changes",
        [
            {"reason": ""},
            {"reason": "card 4242 4242 4242 4242 was wrong"},
            {"reason": "x" * 501},
            {"cause": "out_of_stock"},
        ],
    )
    def test_asks_until_the_answer_is_good(self, enter: Enter, changes: dict[str, str]) -> None:
        order = make_day().confirmed
        assert cancel_as(enter("lead"), order, **changes) == 200
        assert Order.objects.get(id=order.id).status == "confirmed"
        assert not AuditEntry.objects.exists()

    def test_says_why_an_order_on_its_way_cannot_be_cancelled(self, enter: Enter) -> None:
        order = make_day().confirmed
        order.process()
        order.save()
        client = enter("lead")
        assert "Cancel…" not in client.get(page_of(order)).content.decode()
        assert cancel_as(client, order) == 302
        assert "The order is processing and cannot be cancelled." in text_of(client, order)
        assert Order.objects.get(id=order.id).status == "processing"
        assert not AuditEntry.objects.exists()

    def test_is_offered_only_while_it_can_be_done(self, enter: Enter) -> None:
        day = make_day()
        client = enter("lead")
        for order in (day.confirmed, day.waiting, day.approving):
            assert "Cancel…" in text_of(client, order)
        for order in (day.cancelled, day.short, day.declined):
            assert "Cancel…" not in text_of(client, order)
        cancel_as(client, day.confirmed)
        assert Order.objects.get(id=day.confirmed.id).status == "cancellation_pending"
        assert "Cancel…" not in text_of(client, day.confirmed)

    def test_keeps_an_order_from_leaving_whose_money_went_back(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("lead")
        client.post(f"{LIST}{order.id}/refund/", {"amount": "", "reason": "all of it"})
        work_off()
        after = Order.objects.get(id=order.id)
        assert (after.status, after.payment_status) == ("confirmed", "refunded")
        assert "Cancel…" in text_of(client, order)
        cancel_as(client, order)
        work_off()
        assert Order.objects.get(id=order.id).status == "cancelled"
        assert "Cancel…" not in text_of(client, order)

    def test_knows_no_order_that_is_not_there(self, enter: Enter) -> None:
        client = enter("lead")
        assert client.post(f"{LIST}{uuid4()}/cancel/", {"reason": "x"}).status_code == 404
        assert client.get(f"{LIST}nonsense/cancel/").status_code == 404


class TestRelease:
    @pytest.fixture
    def held(self, settings: Any) -> Order:
        settings.OMS_REVIEW_ABOVE_MINOR = 1
        stock({"SKU-A": {"BER": 5}})
        order = settled(place())
        assert order.status == "payment_authorized"
        return order

    def test_lets_the_order_go_on_and_writes_down_who_did(self, enter: Enter, held: Order) -> None:
        client = enter("lead")
        shown = client.get(page_of(held)).content.decode()
        assert "Held for review" in shown
        assert "Release…" in shown
        assert release_as(client, held) == 302
        assert settled(held).status == "confirmed"
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.reason) == ("orders.release", "known to us")
        assert entry.changes == {"status": ["payment_authorized", "confirmed"]}
        assert "Release…" not in client.get(page_of(held)).content.decode()

    def test_is_refused_to_other_roles(self, enter: Enter, held: Order) -> None:
        client = enter("agent")
        assert "Release…" not in client.get(page_of(held)).content.decode()
        assert release_as(client, held) == 403
        assert Order.objects.get(id=held.id).status == "payment_authorized"

    def test_comes_too_late_for_an_order_that_is_called_off(
        self, enter: Enter, held: Order
    ) -> None:
        client = enter("lead")
        assert cancel_as(client, held, cause="review_rejected") == 302
        assert release_as(client, held) == 302
        assert "cancellation_pending, not held for review" in text_of(client, held)
        cancelled = settled(held)
        assert (cancelled.status, cancelled.cancel_reason) == ("cancelled", "review_rejected")
        assert AuditEntry.objects.count() == 1


def release_as(client: Client, order: Order) -> int:
    """Send the form of the release; gives the status of the answer."""
    return client.post(f"{LIST}{order.id}/release/", {"reason": "known to us"}).status_code


class TestLookAgain:
    def test_makes_an_undecided_call_due_and_writes_it_down(self, enter: Enter) -> None:
        order = make_day().approving
        payment = Payment.objects.get(order_id=order.id)
        client = enter("finance")
        page = f"/admin/payments/payment/{payment.id}/look_again/"
        assert client.get(page).status_code == 200
        before = PaymentOperation.objects.get(payment=payment)
        assert before.next_at > timezone.now()
        assert client.post(page, {"reason": "customer says it was approved"}).status_code == 302
        assert PaymentOperation.objects.get(payment=payment).next_at <= timezone.now()
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_id) == ("payments.look_again", str(payment.id))

    def test_finds_nothing_to_look_at_in_a_payment_that_is_decided(self, enter: Enter) -> None:
        payment = Payment.objects.get(order_id=make_day().confirmed.id)
        client = enter("finance")
        answer = client.post(
            f"/admin/payments/payment/{payment.id}/look_again/", {"reason": "to be sure"}
        )
        assert answer.status_code == 302
        assert not AuditEntry.objects.exists()

    def test_is_refused_to_agents(self, enter: Enter) -> None:
        payment = Payment.objects.get(order_id=make_day().approving.id)
        page = f"/admin/payments/payment/{payment.id}/look_again/"
        assert enter("agent").post(page, {"reason": "let me"}).status_code == 403
        assert not AuditEntry.objects.exists()


class TestUndoAgain:
    def test_asks_the_provider_anew_and_writes_it_down(self, enter: Enter) -> None:
        payment = self.with_a_refused_refund(enter)
        client = enter("finance")
        page = f"/admin/payments/payment/{payment.id}/undo_again/"
        assert client.get(page).status_code == 200
        assert client.post(page, {"reason": "the account is open again"}).status_code == 302
        assert PaymentOperation.objects.filter(payment=payment, kind="refund").count() == 2
        entry = AuditEntry.objects.filter(action="payments.undo_again").get()
        assert (entry.reason, entry.subject_id) == ("the account is open again", str(payment.id))
        work_off()
        assert Payment.objects.get(id=payment.id).status == "refunded"
        assert Order.objects.get(id=payment.order_id).status == "cancelled"

    def test_does_nothing_where_nothing_is_owed(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 5}})
        payment = Payment.objects.get(order_id=settled(place()).id)
        page = f"/admin/payments/payment/{payment.id}/undo_again/"
        assert enter("finance").post(page, {"reason": "to be sure"}).status_code == 302
        assert not AuditEntry.objects.exists()

    def test_is_refused_to_agents(self, enter: Enter) -> None:
        payment = self.with_a_refused_refund(enter)
        page = f"/admin/payments/payment/{payment.id}/undo_again/"
        assert enter("agent").post(page, {"reason": "let me"}).status_code == 403

    def with_a_refused_refund(self, enter: Enter) -> Payment:
        """Cancel a charged order, and have the provider refuse the refund."""
        stock({"SKU-A": {"BER": 5}})
        order = settled(place())
        cancel_as(enter("lead"), order)
        drain_all()
        PaymentOperation.objects.filter(kind="refund").update(state="declined")
        return Payment.objects.get(order_id=order.id)
