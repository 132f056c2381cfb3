"""Calls that a provider has taken and not carried out yet: only its news tells how they end."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.operations import FIRST_NEWS_PAUSE_SECONDS, OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Accepted, Declined, Done
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear, message

pytestmark = pytest.mark.django_db

TAKEN = Accepted(reference="mod_1")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def published(event: str) -> int:
    return StoredEvent.objects.filter(type=f"payments.{event}").count()


def charging(now: datetime) -> tuple[Payment, PaymentOperation]:
    """Store an authorised payment whose provider has taken the capture, and no more."""
    payment, operation = authorizing(now)
    hear(operation, DONE, now)
    capture = ask(payment, OperationKind.CAPTURE, now)
    payment = hear(capture, TAKEN, now)
    capture.refresh_from_db()
    return payment, capture


class TestACapture:
    def test_that_is_only_taken_changes_nothing_yet(self, now: datetime) -> None:
        payment, capture = charging(now)
        assert (payment.status, payment.captured_minor) == ("authorized", 0)
        assert (capture.state, capture.reference) == ("waiting", "mod_1")
        assert capture.next_at >= now + timedelta(seconds=FIRST_NEWS_PAUSE_SECONDS)
        assert published("payment_captured") == 0
        assert payment.history.latest("position").what == "The provider is at the capture"

    def test_that_is_taken_again_is_no_news(self, now: datetime) -> None:
        payment, capture = charging(now)
        steps = payment.steps
        assert hear(capture, TAKEN, now).steps == steps

    def test_is_made_true_by_news(self, now: datetime) -> None:
        payment, capture = charging(now)
        message(payment, now)
        handle_messages(now=now)
        capture.refresh_from_db()
        assert capture.next_at == now
        payment = hear(capture, Done(reference="mod_1"), now)
        assert (payment.status, payment.captured_minor) == ("captured", 100)

    def test_that_fails_is_told(self, now: datetime) -> None:
        _, capture = charging(now)
        payment = hear(capture, Declined(code="capture_failed", detail="No."), now)
        assert payment.status == "authorized"
        assert published("payment_capture_failed") == 1

    def test_is_waited_for_before_the_money_is_given_back(self, now: datetime) -> None:
        payment, capture = charging(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        assert not PaymentOperation.objects.filter(kind__in=("void", "refund")).exists()
        hear(capture, Done(reference="mod_1"), now)
        assert PaymentOperation.objects.get(kind="refund").amount_minor == 100

    def test_that_did_not_last_is_taken_back(self, now: datetime) -> None:
        payment = captured(now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)
        payment = Payment.objects.get(id=payment.id)
        capture = PaymentOperation.objects.get(kind="capture")
        assert (payment.status, payment.captured_minor) == ("authorized", 0)
        assert capture.state == "unknown"
        hear(capture, Declined(code="capture_failed", detail="No."), now)
        assert published("payment_capture_failed") == 1

    def test_that_lasted_after_all_counts_once(self, now: datetime) -> None:
        payment = captured(now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)
        capture = PaymentOperation.objects.get(kind="capture")
        payment = hear(capture, Done(reference="ch_1"), now)
        assert (payment.status, payment.captured_minor) == ("captured", 100)


class TestALookUp:
    def test_is_given_what_the_provider_has_told(self, now: datetime) -> None:
        payment, capture = charging(now)
        for nth, facts in enumerate([{"event": "CAPTURE"}, {}, {"event": "CAPTURE_FAILED"}]):
            record = message(payment, now, f"e{nth}")
            record.facts = facts
            record.save()
        message(Payment(id=PaymentId(uuid.uuid4())), now, "other")
        PaymentOperation.objects.filter(id=capture.id).update(next_at=now - timedelta(minutes=1))
        (claimed,) = claim_operations(gate="stripe", at_most=5)
        assert claimed.looks_first
        assert claimed.call.reference == "mod_1"
        assert claimed.call.told == ({"event": "CAPTURE"}, {"event": "CAPTURE_FAILED"})

    def test_of_a_refund_knows_the_charge(self, now: datetime) -> None:
        payment = captured(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now - timedelta(minutes=1))
        (claimed,) = claim_operations(gate="stripe", at_most=5)
        assert (claimed.call.charge, claimed.call.reference) == ("ch_1", "")
        assert claimed.call.told == ()

    def test_matches_a_message_by_reference_and_keeps_whose_it_is(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        record = message(payment, now)
        record.payment_id, record.reference = None, "pi_1"
        record.save()
        handle_messages(now=now)
        record.refresh_from_db()
        assert record.payment_id == payment.id
