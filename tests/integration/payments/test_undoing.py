"""Giving money back: whatever the provider says and whenever, none of it stays and none is lost."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Declined,
    Done,
    NothingHappened,
    NotKnown,
    NotMade,
)
from apps.payments.services.claim_operations import ClaimedOperation, claim_operations
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from config.invariants import Scope, check_invariants, list_invariants
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, ask, authorizing, captured, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


class TestUndoing:
    def test_while_the_customer_is_asked_the_late_news_break_nothing(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        void = PaymentOperation.objects.get(kind="void")
        assert hear(void, DONE, now).status == "failed"
        late = Declined(code="canceled", detail="Cancelled.", reference="pi_1")
        assert hear(operation, late, now).status == "failed"
        assert StoredEvent.objects.filter(type="payments.payment_failed").count() == 1

    def test_an_authorisation_that_comes_after_all_is_voided(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        PaymentOperation.objects.update(state="in_flight", token=1)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(operation, DONE, now, token=1)
        void = PaymentOperation.objects.get(kind="void")
        assert hear(void, DONE, now).status == "voided"
        published = StoredEvent.objects.values_list("type", flat=True)
        assert list(published) == ["payments.payment_voided"]

    @pytest.mark.parametrize(("state", "token"), [("pending", 0), ("in_flight", 1)])
    def test_a_void_that_is_asked_for_already_is_kept(
        self, now: datetime, state: str, token: int
    ) -> None:
        payment, operation = authorizing(now)
        hear(operation, ACTION, now)
        Payment.objects.update(action_expires_at=now - timedelta(seconds=1))
        hear(operation, ACTION, now)
        void = PaymentOperation.objects.get(kind="void")
        PaymentOperation.objects.filter(id=void.id).update(state=state, token=token)

        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        assert PaymentOperation.objects.get(kind="void").state == state
        decided = hear(void, DONE, now, token=token)
        assert (decided.status, decided.failure_code) == ("failed", "cancelled")
        assert StoredEvent.objects.filter(type="payments.payment_failed").count() == 1

    def test_what_was_charged_without_us_is_recorded_and_refunded(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        charged = Declined(code=ALREADY_CAPTURED, detail="The payment has been charged.")
        hear(PaymentOperation.objects.get(kind="void"), charged, now)

        search = claim("capture")
        assert search.looks_first
        assert not search.may_be_made
        found = hear(
            PaymentOperation.objects.get(kind="capture"), Done(reference="ch_1"), now, search.token
        )

        assert (found.status, found.captured_minor) == ("captured", 100)
        refund = PaymentOperation.objects.get(kind="refund")
        assert hear(refund, Done(reference="re_1"), now).status == "refunded"
        assert not StoredEvent.objects.filter(type="payments.payment_void_failed").exists()

    def test_what_was_not_charged_after_all_is_left_to_a_later_try(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        charged = Declined(code=ALREADY_CAPTURED, detail="The payment has been charged.")
        hear(PaymentOperation.objects.get(kind="void"), charged, now)

        hear(PaymentOperation.objects.get(kind="capture"), NotMade(), now)

        assert not PaymentOperation.objects.filter(state__in=OPEN_STATES).exists()

    def test_a_charge_in_doubt_is_not_made_once_nobody_wants_it(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        capture = ask(payment, OperationKind.CAPTURE, now)
        hear(capture, NotKnown(), now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        claimed = claim("capture")
        assert not claimed.may_be_made
        assert hear(capture, NotMade(), now, claimed.token).status == "authorized"

        capture.refresh_from_db()
        assert (capture.state, capture.error_code) == ("failed", "cancelled")
        void = PaymentOperation.objects.get(kind="void")
        assert hear(void, DONE, now).status == "voided"

    def test_a_charge_that_is_unavailable_is_given_up_once_nobody_wants_it(
        self, now: datetime
    ) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        capture = ask(payment, OperationKind.CAPTURE, now)
        PaymentOperation.objects.filter(id=capture.id).update(state="in_flight", token=1)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        hear(capture, NothingHappened(code="down"), now, token=1)

        assert PaymentOperation.objects.get(kind="void").state == "pending"


def claim(kind: str) -> ClaimedOperation:
    """Claim the open call of a kind."""
    PaymentOperation.objects.filter(kind=kind).update(next_at=timezone.now() - timedelta(hours=1))
    (claimed,) = claim_operations(gate="stripe", at_most=1)
    assert claimed.call.kind == kind
    return claimed


def test_waits_for_a_look_up_that_may_take_the_money(now: datetime) -> None:
    payment, operation = authorizing(now)
    hear(operation, ACTION, now)
    PaymentOperation.objects.filter(id=operation.id).update(state="in_flight")
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    assert not PaymentOperation.objects.filter(kind="void").exists()
    assert hear(operation, DONE, now).status == "authorized"
    assert PaymentOperation.objects.get(kind="void").state == "pending"


def test_ends_where_a_charge_did_not_last(now: datetime) -> None:
    payment = captured(now)
    review_setbacks(about={payment.id: ()}, now=now)
    hear(PaymentOperation.objects.get(kind="capture"), Declined(code="reversed", detail="No."), now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    void = PaymentOperation.objects.get(kind="void")
    hear(void, Declined(code=ALREADY_CAPTURED, detail="It was charged."), now)
    look = PaymentOperation.objects.get(kind="capture", only_looks=True)
    payment = hear(look, Declined(code="reversed", detail="No."), now)
    assert (payment.status, payment.undo_at) == ("voided", None)
    name = "a_payment_agrees_with_its_operations"
    judges = [one for one in list_invariants() if one.name == name]
    (finding,) = check_invariants(judges, scope=Scope())
    assert finding.rows == []
