"""Orders paid with PayPal, from approval to refund: real calls over HTTP, real webhooks."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.orders.models import Order
from apps.payments.adapters.registry import gateway_named
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.services.capture_payment import capture_payment
from apps.payments.services.reconcile_payments import reconcile_payments
from apps.payments.services.watch_authorisations import watch_authorisations
from tests.conftest import make_cause
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.paypal_messages import DOOR, hear, ordered
from tests.integration.shop import call_off, payment_of, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def called_off(order: Order) -> Payment:
    """Cancel an order; gives its payment once everything due was done."""
    call_off(order)
    work_off()
    return payment_of(order)


def status_of(order: Order) -> str:
    return str(Order.objects.get(id=order.id).status)


class TestAnOrder:
    def test_is_approved_charged_and_given_back(self, paypal: SimulatedPayPal) -> None:
        order = ordered()
        payment = payment_of(order)
        assert payment.status == "requires_action"
        assert payment.action_url == f"{paypal.api_base}/checkoutnow?token={payment.authorization}"

        paypal.approve(payment.authorization)
        hear(paypal, "CHECKOUT.ORDER.APPROVED")

        payment = payment_of(order)
        (books,) = paypal.payment(payment.id)["orders"]
        assert (payment.status, payment.brand) == ("captured", "paypal")
        assert payment.captured_minor == payment.amount_minor == books["captured"]
        assert payment.authorization == books["authorization"]

        payment = called_off(order)

        assert (payment.status, status_of(order)) == ("refunded", "cancelled")
        assert paypal.payment(payment.id)["refunded"] == payment.amount_minor
        assert [one.reference for one in PaymentOperation.objects.filter(kind="refund")] == (
            paypal.payment(payment.id)["orders"][0]["refunds"]
        )

    def test_is_told_again_of_what_cannot_be_verified_now(
        self, paypal: SimulatedPayPal, settings: Settings
    ) -> None:
        settings.PAYPAL_WEBHOOK_CHECK = "postback"
        gateway_named.cache_clear()
        payment = payment_of(ordered())
        paypal.approve(payment.authorization)
        (letter,) = paypal.receiver.wait_for("CHECKOUT.ORDER.APPROVED")
        headers = {name: one for name, one in letter.headers.items() if name.startswith("paypal-")}
        with paypal.faults(down=True):
            said = Client().post(
                DOOR, letter.body, content_type="application/json", headers=headers
            )
        assert (said.status_code, said.json()["code"]) == (503, "webhook_undecided")
        assert not ProviderMessageRecord.objects.exists()

        hear(paypal, "CHECKOUT.ORDER.APPROVED")

        assert payment_of(Order.objects.get(id=payment.order_id)).status == "captured"

    def test_with_a_saved_wallet_asks_nobody(self, paypal: SimulatedPayPal) -> None:
        assert payment_of(ordered("vault-ok")).status == "captured"

    def test_that_is_declined_is_given_up(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-no-funds")

        payment = payment_of(order)
        assert (payment.status, payment.failure_code) == ("failed", "PAYER_CANNOT_PAY")
        assert status_of(order) == "cancelled"

    def test_that_is_called_off_before_its_approval_takes_nothing(
        self, paypal: SimulatedPayPal
    ) -> None:
        order = ordered()
        name = payment_of(order).authorization

        payment = called_off(order)
        paypal.approve(name)
        hear(paypal, "CHECKOUT.ORDER.APPROVED")

        assert (payment.status, status_of(order)) == ("failed", "cancelled")
        assert paypal.payment(payment.id)["live_authorizations"] == 0

    def test_waits_for_a_charge_under_review(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-capture-pending")
        payment = payment_of(order)
        assert (payment.status, payment.captured_minor) == ("authorized", 0)
        capture = PaymentOperation.objects.get(kind="capture")
        assert capture.state == "waiting"

        paypal.let("settle", capture=capture.reference, status="COMPLETED")
        hear(paypal, "PAYMENT.CAPTURE.COMPLETED")

        assert payment_of(order).status == "captured"

    def test_in_dispute_stays_as_it_is(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-ok")
        charge = PaymentOperation.objects.get(kind="capture").reference

        paypal.let("dispute", capture=charge)
        hear(paypal, "CUSTOMER.DISPUTE.CREATED")

        assert payment_of(order).status == "captured"
        record = ProviderMessageRecord.objects.get(kind="CUSTOMER.DISPUTE.CREATED")
        assert (record.payment_id, record.facts["capture"]) == (payment_of(order).id, charge)


class TestAnAuthorisationThatIsRenewed:
    @pytest.fixture
    def renewed(self, paypal: SimulatedPayPal, settings: Settings) -> Order:
        """An order nobody has charged for four weeks."""
        settings.OMS_CAPTURE_ON = "request"
        settings.OMS_AUTHORISATION_ENDING = "renew"
        order = ordered("vault-ok")
        self.first = payment_of(order).authorization
        paypal.let("age", authorization=self.first, days="28")
        end = timezone.now() + timedelta(hours=1)
        Payment.objects.update(authorized_until=end)
        watch_authorisations(now=timezone.now())
        work_off()
        return order

    def test_goes_by_its_new_name(self, paypal: SimulatedPayPal, renewed: Order) -> None:
        payment = payment_of(renewed)
        (books,) = paypal.payment(payment.id)["orders"]
        assert payment.authorization == books["authorization"] != self.first
        assert payment.authorized_until is not None
        assert payment.authorized_until > timezone.now() + timedelta(days=2)
        assert not payment.is_ending_known

    def test_is_charged(self, paypal: SimulatedPayPal, renewed: Order) -> None:
        capture_payment(
            payment_id=payment_of(renewed).id,
            amount_minor=None,
            cause=make_cause(),
            now=timezone.now(),
        )
        work_off()

        payment = payment_of(renewed)
        assert payment.status == "captured"
        assert paypal.payment(payment.id)["captured"] == payment.amount_minor

    def test_is_let_go(self, paypal: SimulatedPayPal, renewed: Order) -> None:
        payment = called_off(renewed)

        assert (payment.status, status_of(renewed)) == ("voided", "cancelled")
        assert paypal.payment(payment.id)["live_authorizations"] == 0

    def test_is_warned_of_the_second_time(self, paypal: SimulatedPayPal, renewed: Order) -> None:
        Payment.objects.update(authorized_until=timezone.now() + timedelta(hours=1))
        watch_authorisations(now=timezone.now())
        work_off()

        payment = payment_of(renewed)
        assert (payment.status, payment.is_ending_known) == ("authorized", True)
        whats = payment.history.values_list("what", flat=True)
        assert "Renewal failed (REAUTHORIZATION_NOT_SUPPORTED)" in whats


class TestAMessage:
    def test_is_not_acknowledged_while_paypal_cannot_be_asked(
        self, paypal: SimulatedPayPal
    ) -> None:
        body = b'{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{}}'
        headers = paypal.headers_for(body, timezone.now())
        client = Client(raise_request_exception=False)

        with paypal.faults(down=True):
            said = client.post(DOOR, body, content_type="application/json", headers=headers)
        assert said.status_code >= 500
        assert not ProviderMessageRecord.objects.exists()

        said = client.post(DOOR, body, content_type="application/json", headers=headers)
        assert said.status_code == 200

    def test_that_is_not_signed_is_refused(self, paypal: SimulatedPayPal) -> None:
        said = Client().post(DOOR, b"{}", content_type="application/json")

        assert said.status_code == 400


class TestWhatWasSettled:
    @pytest.fixture(autouse=True)
    def at_once(self, settings: Settings) -> None:
        settings.OMS_SETTLEMENT_DAYS = 0

    def reconcile(self) -> list[str]:
        """Compare with PayPal; gives the kinds of lines that it reported."""
        now = timezone.now() + timedelta(seconds=1)
        reconcile_payments(provider="paypal", since=now - timedelta(days=1), until=now, now=now)
        return sorted(SettlementLineRecord.objects.values_list("kind", flat=True))

    def test_agrees_after_a_refund(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-ok")
        called_off(order)
        assert self.reconcile() == ["charge", "refund"]
        assert not SettlementDifference.objects.exists()
        payment = payment_of(order)
        assert SettlementLineRecord.objects.filter(payment=payment).count() == 2

    def test_shows_a_refund_that_came_back_and_was_never_told(
        self, paypal: SimulatedPayPal
    ) -> None:
        order = ordered("vault-ok")
        called_off(order)
        refund = PaymentOperation.objects.get(kind="refund").reference
        paypal.let("settle", refund=refund, status="FAILED")
        assert self.reconcile() == ["charge", "refund", "refund_undone"]
        difference = SettlementDifference.objects.get()
        assert (difference.kind, difference.found_minor) == ("amount_differs", 0)

        hear(paypal, "PAYMENT.REFUND.FAILED")

        assert payment_of(order).refunded_minor == 0
        self.reconcile()
        assert SettlementDifference.objects.get().state == "explained"

    def test_agrees_after_the_bank_took_the_charge_back(self, paypal: SimulatedPayPal) -> None:
        order = ordered("vault-ok")
        capture = PaymentOperation.objects.get(kind="capture").reference
        paypal.let("reverse", capture=capture)
        assert self.reconcile() == ["charge", "dispute"]
        assert SettlementDifference.objects.get().kind == "unknown_movement"

        hear(paypal, "PAYMENT.CAPTURE.REVERSED")

        assert payment_of(order).disputed_minor == payment_of(order).captured_minor
        self.reconcile()
        assert SettlementDifference.objects.get().state == "explained"
