"""News of a payment in every order in which they can come: money moves once, and nothing breaks."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.api.documents import payment_document
from apps.payments.domain.operations import OperationKind
from apps.payments.models import PaymentOperation, ProviderMessageRecord
from apps.payments.ports import Declined, NothingHappened, NotKnown, Refused
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.purge_messages import BATCH, purge_messages
from apps.payments.services.receive_messages import receive_messages
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from apps.platform.telemetry.metrics import (
    captures_failed_total,
    payments_failed_total,
    webhooks_total,
)
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, ask, authorizing, captured, hear, message

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestFacts:
    def test_the_same_fact_again_changes_and_publishes_nothing(self, now: datetime) -> None:
        _, operation = authorizing(now)
        for _ in range(3):
            assert hear(operation, DONE, now).status == "authorized"
        assert StoredEvent.objects.filter(type="payments.payment_authorized").count() == 1

    def test_a_decline_after_the_authorisation_is_not_believed(self, now: datetime) -> None:
        _, operation = authorizing(now)
        hear(operation, DONE, now)
        assert hear(operation, Declined(code="x", detail="x"), now).status == "authorized"

    def test_the_answer_to_an_older_attempt_is_dropped(self, now: datetime) -> None:
        _, operation = authorizing(now)
        PaymentOperation.objects.update(token=2)
        assert hear(operation, DONE, now, token=1).status == "pending"
        assert hear(operation, DONE, now, token=2).status == "authorized"

    def test_nothing_happened_is_tried_again_later_with_the_same_key(self, now: datetime) -> None:
        _, operation = authorizing(now)
        key = operation.idempotency_key
        hear(operation, NothingHappened(code="down"), now)
        operation.refresh_from_db()
        assert (operation.state, operation.idempotency_key) == ("pending", key)
        assert operation.next_at > now

    def test_an_unknown_outcome_is_looked_up_before_anything_else(self, now: datetime) -> None:
        _, operation = authorizing(now)
        hear(operation, NotKnown(), now)
        PaymentOperation.objects.update(next_at=now - timedelta(seconds=5))
        (claimed,) = claim_operations(gate="stripe", at_most=5)
        assert claimed.looks_first
        assert claimed.call.idempotency_key == operation.idempotency_key

    def test_what_a_dead_worker_left_in_flight_is_looked_up_too(self, now: datetime) -> None:
        authorizing(now)
        (first,) = claim_operations(gate="stripe", at_most=5)
        assert not first.looks_first
        assert claim_operations(gate="stripe", at_most=5) == []
        over = now - timedelta(seconds=1)
        PaymentOperation.objects.update(lease_until=over, next_at=over)
        (second,) = claim_operations(gate="stripe", at_most=5)
        assert (second.looks_first, second.token) == (True, first.token + 1)


class TestRefusals:
    def test_of_a_capture_are_told_and_counted(
        self, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        before = captures_failed_total.labels(gateway="stripe")._value.get()

        no = Declined(code="canceled", detail="It was called off.")
        with django_capture_on_commit_callbacks(execute=True):
            payment = hear(ask(payment, OperationKind.CAPTURE, now), no, now)

        assert payment.status == "authorized"
        told = StoredEvent.objects.get(type="payments.payment_capture_failed")
        assert told.payload == {
            "payment_id": str(payment.id),
            "order_id": str(payment.order_id),
            "amount_minor": 100,
            "currency": "EUR",
            "code": "canceled",
            "detail": "It was called off.",
            "refunded_minor": 0,
        }
        assert captures_failed_total.labels(gateway="stripe")._value.get() == before + 1

    def test_of_wanted_payments_are_counted(
        self, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        no = Declined(code="card_declined", detail="x")
        failed = payments_failed_total.labels(gateway="stripe")._value
        before = failed.get()
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(2):
                hear(authorizing(now)[1], no, now)
        assert failed.get() == before + 2

        payment, operation = authorizing(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        with django_capture_on_commit_callbacks(execute=True):
            assert hear(operation, no, now).status == "failed"
        assert failed.get() == before + 2

    def test_are_counted_once_though_the_first_try_is_rolled_back(
        self, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        no = Declined(code="card_declined", detail="x")
        operation = authorizing(now)[1]
        failed = payments_failed_total.labels(gateway="stripe")._value
        before = failed.get()
        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                hear(operation, no, now)
                transaction.set_rollback(True)
            hear(operation, no, now)
        assert failed.get() == before + 1

    def test_keep_the_providers_own_code_beside_ours(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        no = Declined(code="card_declined", detail="x", provider_code="27 Do not honour" + "!" * 90)
        payment = hear(operation, no, now)

        operation.refresh_from_db()
        assert operation.error_code == "card_declined"
        assert operation.provider_code == ("27 Do not honour" + "!" * 90)[:64]
        (call,) = payment_document(payment).operations
        assert (call.error_code, call.provider_code) == ("card_declined", operation.provider_code)

    @pytest.mark.parametrize("code", ["lost_card", "stolen_card", "fraudulent"])
    def test_that_say_too_much_about_a_card_stay_with_staff(self, now: datetime, code: str) -> None:
        payment, operation = authorizing(now)
        no = Declined(
            code=code, detail="Your card was declined.", reference="pi_7", provider_code="20 No"
        )
        payment = hear(operation, no, now)

        operation.refresh_from_db()
        assert operation.reference == "pi_7"
        assert operation.error_code == code
        assert payment.failure_code == "declined"
        told = StoredEvent.objects.get(type="payments.payment_failed")
        assert told.payload["code"] == "declined"
        document = payment_document(payment)
        assert document.failure_code == "declined"
        assert [call.error_code for call in document.operations] == ["declined"]
        assert operation.provider_code == "20 No"
        assert [call.provider_code for call in document.operations] == [""]

    def test_of_a_refund_say_no_more_about_a_card(self, now: datetime) -> None:
        refund = ask(captured(now), OperationKind.REFUND, now)
        hear(refund, Declined(code="lost_or_stolen_card", detail="x"), now)
        told = StoredEvent.objects.get(type="payments.payment_refund_failed")
        assert told.payload["code"] == "declined"

    def test_of_a_void_are_told(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        hear(ask(payment, OperationKind.VOID, now), Refused(code="x", detail="x"), now)
        assert StoredEvent.objects.filter(type="payments.payment_void_failed").count() == 1


class TestMessages:
    def test_that_come_again_are_not_new(self) -> None:
        body = b'{"id": "evt_7", "type": "approval.decided", "reference": "sbx_1"}'
        headers = {SIGNATURE_HEADER: sign(body, settings.OMS_SANDBOX_SECRET)}
        repeated = webhooks_total.labels(provider="sandbox", outcome="repeated")
        before = repeated._value.get()

        news = [
            receive_messages(provider="sandbox", body=body, headers=headers, now=timezone.now())
            for _ in range(3)
        ]

        assert news == [True, False, False]
        assert ProviderMessageRecord.objects.count() == 1
        assert repeated._value.get() == before + 2

    def test_of_payments_without_a_reference_are_all_matched(self, now: datetime) -> None:
        for number in range(3):
            payment, _ = authorizing(now)
            message(payment, now, f"e{number}")
        assert handle_messages(now=now) == 3
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()

    def test_while_a_call_is_under_way_wait_for_its_answer(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        PaymentOperation.objects.update(state="in_flight", token=1)
        message(payment, now)
        handle_messages(now=now)
        hear(operation, ACTION, now, token=1)
        handle_messages(now=now + timedelta(seconds=2))
        operation.refresh_from_db()
        assert operation.next_at <= now + timedelta(seconds=2)

    def test_of_an_unknown_payment_wait_and_are_given_up_after_three_days(
        self, now: datetime
    ) -> None:
        payment, _ = authorizing(now)
        stored = message(payment, now)
        refund = {"reference": "re_1", "amount_minor": 1, "currency": "EUR", "operation_id": None}
        ProviderMessageRecord.objects.update(payment_id=uuid.uuid4(), refund=refund)
        pauses = []
        for _ in range(9):
            handle_messages(now=now)
            stored.refresh_from_db()
            pauses.append((stored.next_at - now).total_seconds())
            now = stored.next_at
        assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        assert stored.handled_at is None
        handle_messages(now=now + timedelta(days=4))
        stored.refresh_from_db()
        assert stored.handled_at is not None

    def test_are_forgotten_three_months_after_they_were_handled(self, now: datetime) -> None:
        payment, _ = authorizing(now)
        for number, days in enumerate((91, 89)):
            message(payment, now, f"e{number}")
            handled = now - timedelta(days=days)
            ProviderMessageRecord.objects.filter(event_id=f"e{number}").update(handled_at=handled)
        message(payment, now, "waiting")
        assert purge_messages(now=now) == 1
        assert purge_messages(now=now) == 0
        kept = ProviderMessageRecord.objects.values_list("event_id", flat=True)
        assert set(kept) == {"e1", "waiting"}

    def test_that_are_kept_hold_up_the_purge_of_no_other(self, now: datetime) -> None:
        long_ago = now - timedelta(days=91)

        def made(name: str, handled_at: datetime | None) -> ProviderMessageRecord:
            return ProviderMessageRecord(
                provider="stripe",
                event_id=name,
                kind="x",
                reference="",
                received_at=long_ago,
                next_at=long_ago,
                handled_at=handled_at,
            )

        # More of each than one statement looks at.
        kept = [made(f"waiting-{number}", None) for number in range(BATCH)]
        old = [made(f"old-{number}", long_ago) for number in range(BATCH + 1)]
        ProviderMessageRecord.objects.bulk_create([*kept, made("late", now), *old])
        assert purge_messages(now=now) == BATCH + 1
        assert purge_messages(now=now) == 0
        assert ProviderMessageRecord.objects.count() == BATCH + 1
