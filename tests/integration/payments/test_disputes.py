"""Disputes: heard of once, decided one way, told in the ledger and to the order."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
)
from apps.payments.ports import Done
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import captured, hear
from tests.integration.payments.stripe_messages import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    return captured(now)


def tell(payment: Payment, now: datetime, **changes: Any) -> None:
    """Send what Stripe sends about a dispute, and have it handled."""
    dispute = {
        "object": "dispute",
        "id": "du_1",
        "amount": 100,
        "currency": "eur",
        "reason": "fraudulent",
        "status": "needs_response",
        "payment_intent": payment.authorization,
        **changes,
    }
    receive(dispute, now, kind="charge.dispute.x")
    handle_messages(now=timezone.now())


def moved() -> list[tuple[str, str, int]]:
    rows = LedgerEntry.objects.filter(what__startswith="Dispute").order_by("id")
    return list(rows.values_list("from_account", "to_account", "amount_minor"))


def published() -> list[str]:
    rows = StoredEvent.objects.filter(type__contains="dispute").order_by("event_id")
    return [row.type.removeprefix("payments.payment_") for row in rows]


class TestADispute:
    def test_is_opened_and_lost(self, payment: Payment, now: datetime) -> None:
        tell(payment, now)
        dispute = Dispute.objects.get()
        assert (dispute.state, dispute.reason, dispute.amount_minor) == (
            "opened",
            "fraudulent",
            100,
        )
        assert dispute.payment_id == payment.id
        tell(payment, now, status="lost")
        dispute.refresh_from_db()
        assert dispute.state == "lost"
        assert dispute.decided_at is not None
        assert moved() == [("provider", "disputed", 100), ("disputed", "customer", 100)]
        assert published() == ["disputed", "dispute_closed"]
        assert Payment.objects.get().status == "captured"

    def test_is_won_and_lost_after_all(self, payment: Payment, now: datetime) -> None:
        for status in ("needs_response", "won", "lost"):
            tell(payment, now, status=status)
        assert moved() == [
            ("provider", "disputed", 100),
            ("disputed", "provider", 100),
            ("provider", "customer", 100),
        ]

    def test_that_is_told_again_or_late_changes_nothing(
        self, payment: Payment, now: datetime
    ) -> None:
        for status in ("lost", "needs_response", "under_review", "won", "lost"):
            tell(payment, now, status=status)
        assert Dispute.objects.get().state == "lost"
        assert moved() == [("provider", "customer", 100)]
        assert published() == ["dispute_closed"]

    def test_that_names_a_payment_of_another_provider_is_given_up(
        self, payment: Payment, now: datetime
    ) -> None:
        Payment.objects.update(provider="adyen")
        tell(payment, now)
        ProviderMessageRecord.objects.update(
            payment_id=payment.id, received_at=now - timedelta(days=4), next_at=now
        )

        handle_messages(now=timezone.now())

        assert ProviderMessageRecord.objects.get().handled_at is not None
        assert (moved(), Dispute.objects.count()) == ([], 0)

    def test_that_is_only_asked_about_is_none(self, payment: Payment, now: datetime) -> None:
        tell(payment, now, status="warning_needs_response")
        assert not Dispute.objects.exists()

    def test_is_told_in_the_payments_history(self, payment: Payment, now: datetime) -> None:
        tell(payment, now)
        step = payment.history.latest("position")
        assert (step.what, step.actor) == ("Dispute opened (fraudulent)", "system:stripe")
        newest = PaymentOperation.objects.latest("id")
        assert step.correlation_id == newest.correlation_id

    def test_of_another_currency_moves_nothing_in_the_ledger(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, currency="usd")
        dispute = Dispute.objects.get()
        assert (dispute.amount_minor, dispute.currency) == (100, "USD")
        assert moved() == []
        payload = StoredEvent.objects.get(type__contains="dispute").payload
        assert (payload["amount_minor"], payload["currency"]) == (100, "USD")

    def test_that_was_prevented_moves_nothing(self, payment: Payment, now: datetime) -> None:
        tell(payment, now, status="prevented")
        assert Dispute.objects.get().state == "won"
        assert moved() == []

    def test_that_is_prevented_once_it_was_opened_gives_the_money_back(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now)
        tell(payment, now, status="prevented")
        assert moved() == [("provider", "disputed", 100), ("disputed", "provider", 100)]


class TestADisputeInAnotherCurrency:
    def test_withholds_a_charge_that_is_heard_of_later(
        self, payment: Payment, now: datetime
    ) -> None:
        review_setbacks(about={payment.id: ()}, now=now)
        tell(payment, now, currency="usd")
        capture = PaymentOperation.objects.get(kind="capture")
        hear(capture, Done(reference="ch_1"), now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        payment = Payment.objects.get()
        assert (payment.captured_minor, payment.to_refund_minor) == (100, 0)
        assert payment.waits_for_dispute
        assert not PaymentOperation.objects.filter(kind="refund").exists()

    def test_withholds_nothing_once_it_is_won(self, payment: Payment, now: datetime) -> None:
        tell(payment, now, currency="usd")
        tell(payment, now, currency="usd", status="won")
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        assert Payment.objects.get().to_refund_minor == 100
