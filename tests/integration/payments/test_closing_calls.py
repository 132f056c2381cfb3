"""Calls that a provider has taken and tells nothing more of: a person says how they ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import LedgerEntry, Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import Accepted, Done
from apps.payments.services.close_call import close_call
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import ACTION, DONE, ask, authorizing, captured, hear, message

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TAKEN = Accepted(reference="mod_1")
FINANCE = "agent:7"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def waiting(kind: OperationKind, now: datetime) -> PaymentOperation:
    """Store a call that its provider has taken, and no more."""
    if kind == OperationKind.AUTHORIZE:
        operation = authorizing(now)[1]
    elif kind == OperationKind.REFUND:
        payment = captured(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        operation = PaymentOperation.objects.get(kind="refund")
    else:
        _, first = authorizing(now)
        payment = hear(first, DONE, now)
        operation = ask(payment, kind, now)
    hear(operation, TAKEN, now)
    return PaymentOperation.objects.get(id=operation.id)


def close(operation: PaymentOperation, now: datetime, *, is_done: bool) -> PaymentOperation | None:
    return close_call(
        operation_id=operation.id, is_done=is_done, cause=make_cause(FINANCE), now=now
    )


def payment_of(operation: PaymentOperation) -> Payment:
    return Payment.objects.get(id=operation.payment_id)


def tell(operation: PaymentOperation, now: datetime, *, was_done: bool) -> None:
    record = message(payment_of(operation), now, f"e{was_done}")
    ProviderMessageRecord.objects.filter(id=record.id).update(
        was_done=was_done, call_reference="mod_1"
    )
    handle_messages(now=now)


class TestClosing:
    @pytest.mark.parametrize(
        ("kind", "status", "entry", "event"),
        [
            (OperationKind.CAPTURE, "captured", "Captured", "payment_captured"),
            (OperationKind.VOID, "voided", "Voided", "payment_voided"),
            (OperationKind.REFUND, "refunded", "Refunded", "payment_refunded"),
        ],
    )
    def test_as_done_moves_the_money_in_our_books(
        self, now: datetime, kind: OperationKind, status: str, entry: str, event: str
    ) -> None:
        operation = waiting(kind, now)
        closed = close(operation, now + HOUR, is_done=True)
        assert closed is not None
        assert (closed.state, closed.reference, closed.error_code) == (
            "succeeded",
            "mod_1",
            "closed_by_hand",
        )
        payment = payment_of(operation)
        assert payment.status == status
        last = LedgerEntry.objects.latest("id")
        assert (last.what, last.amount_minor) == (entry, 100)
        assert StoredEvent.objects.filter(type=f"payments.{event}").count() == 1
        step = payment.history.get(what=f"{kind.capitalize()} closed by hand as done")
        assert step.actor == FINANCE

    def test_of_a_renewal_as_not_done_has_the_old_one_asked_about(self, now: datetime) -> None:
        operation = waiting(OperationKind.RENEW, now)
        before = payment_of(operation)
        closed = close(operation, now + HOUR, is_done=False)
        assert closed is not None
        assert closed.state == "declined"
        after = payment_of(operation)
        assert (after.authorization, after.authorized_until) == ("pi_1", before.authorized_until)
        assert after.is_ending_known
        assert PaymentOperation.objects.get(kind="void").only_looks

    @pytest.mark.parametrize(
        ("kind", "status", "event"),
        [
            (OperationKind.AUTHORIZE, "failed", "payment_failed"),
            (OperationKind.CAPTURE, "authorized", "payment_capture_failed"),
            (OperationKind.VOID, "authorized", "payment_void_failed"),
            (OperationKind.REFUND, "captured", "payment_refund_failed"),
        ],
    )
    def test_as_not_done_is_a_refusal(
        self, now: datetime, kind: OperationKind, status: str, event: str
    ) -> None:
        operation = waiting(kind, now)
        entries = LedgerEntry.objects.count()
        closed = close(operation, now + HOUR, is_done=False)
        assert closed is not None
        assert closed.state == "declined"
        assert payment_of(operation).status == status
        assert LedgerEntry.objects.count() == entries
        assert StoredEvent.objects.filter(type=f"payments.{event}").count() == 1

    def test_of_a_refund_as_not_done_has_it_tried_again(self, now: datetime) -> None:
        operation = waiting(OperationKind.REFUND, now)
        close(operation, now + HOUR, is_done=False)
        assert payment_of(operation).undo_at is not None

    @pytest.mark.parametrize(("is_done", "status"), [(True, "failed"), (False, "requires_action")])
    def test_of_a_void_takes_back_what_the_customer_never_approved(
        self, now: datetime, is_done: bool, status: str
    ) -> None:
        _, operation = authorizing(now)
        hear(operation, ACTION, now)
        hear(operation, ACTION, now + HOUR)
        void = PaymentOperation.objects.get(kind="void")
        hear(void, TAKEN, now + HOUR)
        assert close(void, now + 2 * HOUR, is_done=is_done) is not None
        payment = payment_of(void)
        assert (payment.status, payment.undo_at is None) == (status, is_done)
        assert LedgerEntry.objects.count() == 0

    def test_lets_what_waited_for_it_go_on(self, now: datetime) -> None:
        operation = waiting(OperationKind.CAPTURE, now)
        undo_payments(causes={payment_of(operation).order_id: make_cause()}, now=now)
        close(operation, now + HOUR, is_done=False)
        assert PaymentOperation.objects.get(kind="void").state == "pending"


class TestWhatCannotBeClosed:
    def test_is_younger_than_the_setting_says(self, now: datetime, settings: Any) -> None:
        operation = waiting(OperationKind.REFUND, now)
        assert close(operation, now + HOUR - timedelta(seconds=1), is_done=True) is None
        settings.OMS_WAITING_CALL_MINUTES = 90
        assert close(operation, now + HOUR, is_done=True) is None
        assert payment_of(operation).status == "captured"

    @pytest.mark.parametrize("state", ["pending", "in_flight", "unknown", "succeeded", "failed"])
    def test_does_not_wait(self, now: datetime, state: str) -> None:
        operation = waiting(OperationKind.REFUND, now)
        PaymentOperation.objects.filter(id=operation.id).update(state=state)
        steps = payment_of(operation).steps
        assert close(operation, now + HOUR, is_done=True) is None
        assert payment_of(operation).steps == steps

    def test_waits_for_its_customer(self, now: datetime, settings: Any) -> None:
        settings.OMS_WAITING_CALL_MINUTES, settings.OMS_PAYMENT_ACTION_MINUTES = 60, 90
        _, operation = authorizing(now)
        hear(operation, ACTION, now)
        assert close(operation, now + HOUR, is_done=False) is None
        assert payment_of(operation).status == "requires_action"
        assert close(operation, now + 1.5 * HOUR, is_done=False) is not None
        assert payment_of(operation).status == "failed"

    @pytest.mark.parametrize("kind", [OperationKind.AUTHORIZE, OperationKind.RENEW])
    def test_is_as_done_what_gives_the_authorisation_its_name(
        self, now: datetime, kind: OperationKind
    ) -> None:
        operation = waiting(kind, now)
        before = payment_of(operation)
        assert close(operation, now + HOUR, is_done=True) is None
        after = payment_of(operation)
        assert (after.status, after.steps) == (before.status, before.steps)
        assert after.authorized_until == before.authorized_until

    def test_is_closed_already(self, now: datetime) -> None:
        operation = waiting(OperationKind.REFUND, now)
        close(operation, now + HOUR, is_done=True)
        assert close(operation, now + HOUR, is_done=False) is None
        assert payment_of(operation).status == "refunded"


class TestLateNews:
    @pytest.mark.parametrize("is_done", [True, False])
    @pytest.mark.parametrize("was_done", [True, False])
    def test_changes_nothing_and_is_noted_where_it_contradicts(
        self, now: datetime, is_done: bool, was_done: bool
    ) -> None:
        operation = waiting(OperationKind.REFUND, now)
        later = now + HOUR
        close(operation, later, is_done=is_done)
        before = payment_of(operation)
        tell(operation, later, was_done=was_done)
        after = payment_of(operation)
        assert (after.status, after.refunded_minor) == (before.status, before.refunded_minor)
        notes = list(
            after.history.filter(what__startswith="The provider says").values_list(
                "what", flat=True
            )
        )
        said = "was done" if was_done else "was not done"
        contradicts = is_done != was_done
        assert notes == ([f"The provider says that the refund {said}"] if contradicts else [])

    def test_of_an_answer_that_was_on_its_way_is_dropped(self, now: datetime) -> None:
        operation = waiting(OperationKind.REFUND, now)
        close(operation, now + HOUR, is_done=False)
        assert hear(operation, Done(reference="mod_1"), now + HOUR).status == "captured"

    def test_of_another_call_is_not_noted(self, now: datetime) -> None:
        operation = waiting(OperationKind.REFUND, now)
        close(operation, now + HOUR, is_done=True)
        PaymentOperation.objects.filter(id=operation.id).update(reference="mod_2")
        steps = payment_of(operation).steps
        tell(operation, now + HOUR, was_done=False)
        assert payment_of(operation).steps == steps
