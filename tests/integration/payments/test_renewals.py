"""Authorisations renewed before they run out, and what else may happen to a payment meanwhile."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.payments.adapters.registry import validity_of
from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import LedgerEntry, Payment, PaymentOperation
from apps.payments.ports import (
    NOT_OFFERED,
    Accepted,
    Declined,
    Done,
    NothingHappened,
    NotKnown,
    NotMade,
    Refused,
)
from apps.payments.services.claim_operations import ClaimedOperation, claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.start_payments import capture_payments
from apps.payments.services.undo_payments import undo_payments
from apps.payments.services.waking import is_call_due
from apps.payments.services.watch_authorisations import watch_authorisations
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, authorizing, hear, message

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
RENEWED = Done(reference="pi_2", authorization="pi_2")


@pytest.fixture
def now() -> datetime:
    """Six days after the payment was authorised; calls are due by the database's clock."""
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def payment(now: datetime, settings: Any) -> Payment:
    """An authorisation that its provider holds for another day, about to be renewed."""
    settings.OMS_AUTHORISATION_ENDING = "renew"
    began = now - 6 * DAY
    _, operation = authorizing(began)
    payment = hear(operation, DONE, began)
    assert watch_authorisations(now=now) == 1
    return again(payment)


def again(payment: Payment) -> Payment:
    return Payment.objects.get(id=payment.id)


def renewal() -> PaymentOperation:
    return PaymentOperation.objects.get(kind="renew")


def steps(payment: Payment) -> list[str]:
    return list(payment.history.values_list("what", flat=True))


def claimed() -> dict[OperationKind, ClaimedOperation]:
    return {one.call.kind: one for one in claim_operations(gate="stripe", at_most=9)}


def open_kinds() -> list[str]:
    found = PaymentOperation.objects.filter(state__in=OPEN_STATES)
    return sorted(found.values_list("kind", flat=True))


def call_off(payment: Payment, now: datetime) -> None:
    undo_payments(causes={payment.order_id: make_cause()}, now=now)


def confirm(payment: Payment, now: datetime) -> None:
    capture_payments(causes={payment.order_id: make_cause()}, now=now)


class TestTheWatch:
    def test_has_it_renewed_once(self, payment: Payment, now: datetime) -> None:
        call = renewal()
        assert (call.state, call.amount_minor) == ("pending", 100)
        assert call.idempotency_key == f"{payment.id}:renew:1"
        assert not payment.is_ending_known
        assert steps(payment)[-1] == "Renewal asked for, as the authorisation runs out soon"
        assert watch_authorisations(now=now) == 0

    def test_asks_again_before_the_next_end(self, payment: Payment, now: datetime) -> None:
        hear(renewal(), Done(reference="pi_1"), now)
        assert watch_authorisations(now=now + 5 * DAY) == 0
        assert watch_authorisations(now=now + 6 * DAY) == 1
        assert PaymentOperation.objects.filter(kind="renew").count() == 2


class TestARenewal:
    def test_has_it_held_for_longer_under_its_new_name(
        self, payment: Payment, now: datetime
    ) -> None:
        entries, events = LedgerEntry.objects.count(), StoredEvent.objects.count()
        payment = hear(renewal(), RENEWED, now)
        assert (payment.status, payment.authorization) == ("authorized", "pi_2")
        assert payment.authorized_until == now + validity_of("stripe")
        assert steps(payment)[-1] == "Authorisation renewed"
        assert (LedgerEntry.objects.count(), StoredEvent.objects.count()) == (entries, events)

    def test_keeps_the_name_where_there_is_no_other(self, payment: Payment, now: datetime) -> None:
        until = now + 3 * DAY
        payment = hear(renewal(), Done(reference="mod_1", held_until=until), now)
        assert (payment.authorization, payment.authorized_until) == ("pi_1", until)

    def test_that_gains_next_to_nothing_is_warned_of(self, payment: Payment, now: datetime) -> None:
        payment = hear(renewal(), Done(reference="mod_1", held_until=now + DAY), now)
        assert payment.is_ending_known
        assert steps(payment)[-1] == "The authorisation runs out soon"
        assert watch_authorisations(now=now) == 0

    def test_that_comes_again_changes_nothing(self, payment: Payment, now: datetime) -> None:
        payment = hear(renewal(), RENEWED, now)
        assert hear(renewal(), Done(reference="x", authorization="x"), now).steps == payment.steps

    def test_that_is_not_offered_is_warned_of(self, payment: Payment, now: datetime) -> None:
        payment = hear(renewal(), Declined(code=NOT_OFFERED, detail="No."), now)
        assert payment.is_ending_known
        assert steps(payment)[-2:] == [
            "Renewal failed (not_offered)",
            "The authorisation runs out soon",
        ]
        assert open_kinds() == []
        assert watch_authorisations(now=now) == 0

    @pytest.mark.parametrize(
        "no", [Declined(code="x", detail="No."), Refused(code="x", detail="No.")]
    )
    def test_that_is_refused_is_warned_of_and_asked_about(
        self, payment: Payment, now: datetime, no: Any
    ) -> None:
        payment = hear(renewal(), no, now)
        assert (payment.status, payment.is_ending_known) == ("authorized", True)
        void = PaymentOperation.objects.get(kind="void")
        assert void.only_looks
        assert hear(void, Done(reference="pi_1"), now).status == "voided"

    def test_is_not_tried_for_ever(self, payment: Payment, now: datetime) -> None:
        hear(renewal(), NothingHappened(code="down"), now)
        assert renewal().state == "pending"
        payment = hear(renewal(), NothingHappened(code="down"), now + 2 * DAY)
        assert renewal().state == "failed"
        assert steps(payment)[-2] == "Renewal failed (time_over)"

    @pytest.mark.parametrize("unwanted", [False, True])
    def test_is_not_looked_up_for_ever(
        self, payment: Payment, now: datetime, unwanted: bool
    ) -> None:
        hear(renewal(), NotKnown(), now)
        assert renewal().state == "unknown"
        if unwanted:
            call_off(payment, now)
        payment = hear(renewal(), NotKnown(), now + 2 * DAY)
        assert (renewal().state, open_kinds()) == ("failed", ["void"])
        assert PaymentOperation.objects.get(kind="void").only_looks is not unwanted

    def test_is_not_waited_for_for_ever(self, payment: Payment, now: datetime) -> None:
        hear(renewal(), Accepted(reference="mod_1"), now)
        assert renewal().state == "waiting"
        later = now + 2 * DAY
        payment = hear(renewal(), Accepted(reference="mod_1"), later)
        assert (renewal().state, renewal().error_code) == ("failed", "time_over")
        assert open_kinds() == ["void"]

        record = message(payment, later)
        record.was_done, record.call_reference = True, "mod_1"
        record.save()
        handle_messages(now=later)
        assert steps(payment)[-1] == "The provider says that the renew was done"


class TestMeanwhile:
    def test_a_charge_waits_and_is_made_of_the_new_one(
        self, payment: Payment, now: datetime
    ) -> None:
        confirm(payment, now)
        (call,) = claimed().values()
        assert (call.call.kind, call.call.authorization) == (OperationKind.RENEW, "pi_1")
        assert claimed() == {}
        hear(renewal(), RENEWED, now, token=1)
        capture = claimed()[OperationKind.CAPTURE]
        assert capture.call.authorization == "pi_2"

    def test_nobody_is_woken_for_a_charge_that_waits(self, payment: Payment, now: datetime) -> None:
        confirm(payment, now)
        assert is_call_due("stripe")
        claimed()
        assert not is_call_due("stripe")
        hear(renewal(), RENEWED, now, token=1)
        assert is_call_due("stripe")

    def test_a_charge_is_made_of_the_old_one_after_a_refusal(
        self, payment: Payment, now: datetime
    ) -> None:
        confirm(payment, now)
        claimed()
        hear(renewal(), Declined(code=NOT_OFFERED, detail="No."), now, token=1)
        assert claimed()[OperationKind.CAPTURE].call.authorization == "pi_1"

    def test_a_charge_is_made_in_time_of_the_old_one_without_news(
        self, payment: Payment, now: datetime
    ) -> None:
        confirm(payment, now)
        claimed()
        hear(renewal(), Accepted(reference="mod_1"), now, token=1)
        PaymentOperation.objects.filter(kind="renew").update(attempts=50)
        hear(renewal(), Accepted(reference="mod_1"), now + 0.49 * DAY, token=1)
        assert renewal().next_at == now + 0.5 * DAY
        assert OperationKind.CAPTURE not in claimed()
        hear(renewal(), Accepted(reference="mod_1"), now + 0.5 * DAY, token=1)
        assert renewal().error_code == "time_over"
        assert claimed()[OperationKind.CAPTURE].call.authorization == "pi_1"

    def test_a_cancellation_drops_what_was_not_made(self, payment: Payment, now: datetime) -> None:
        call_off(payment, now)
        assert renewal().state == "failed"
        void = claimed()[OperationKind.VOID]
        assert (void.call.authorization, void.call.first_authorization) == ("pi_1", "pi_1")

    @pytest.mark.parametrize("taken", [False, True])
    def test_a_cancellation_waits_and_lets_the_new_one_go(
        self, payment: Payment, now: datetime, taken: bool
    ) -> None:
        claimed()
        if taken:
            hear(renewal(), Accepted(reference="mod_1"), now, token=1)
        call_off(payment, now)
        assert open_kinds() == ["renew"]
        hear(renewal(), RENEWED, now, token=1)
        void = claimed()[OperationKind.VOID]
        assert (void.call.authorization, void.call.first_authorization) == ("pi_2", "pi_1")
        assert hear(PaymentOperation.objects.get(kind="void"), DONE, now, 1).status == "voided"

    def test_a_cancellation_gives_up_what_turns_out_not_to_have_happened(
        self, payment: Payment, now: datetime
    ) -> None:
        claimed()
        hear(renewal(), NotKnown(), now, token=1)
        call_off(payment, now)
        PaymentOperation.objects.filter(kind="renew").update(next_at=now)
        looking = claimed()[OperationKind.RENEW]
        assert (looking.looks_first, looking.may_be_made) == (True, False)
        hear(renewal(), NotMade(), now, token=2)
        assert open_kinds() == ["void"]

    def test_a_cancellation_ends_what_the_provider_cannot_be_asked_for(
        self, payment: Payment, now: datetime
    ) -> None:
        claimed()
        call_off(payment, now)
        hear(renewal(), NothingHappened(code="down"), now, token=1)
        assert (renewal().state, open_kinds()) == ("failed", ["void"])

    @pytest.mark.parametrize("order", list(permutations(["claim", "confirm", "call off"])))
    @pytest.mark.parametrize(
        "answer",
        [
            RENEWED,
            Accepted(reference="mod_1"),
            Declined(code="x", detail="No."),
            Refused(code="x", detail="No."),
            NothingHappened(code="down"),
            NotKnown(),
        ],
        ids=lambda answer: type(answer).__name__,
    )
    def test_whatever_the_order_of_things_one_authorisation_is_let_go(
        self, payment: Payment, now: datetime, order: tuple[str, ...], answer: Any
    ) -> None:
        for what in order:
            match what:
                case "claim":
                    claimed()
                case "confirm":
                    confirm(again(payment), now)
                case _:
                    call_off(payment, now)
        held = "pi_1"
        for _ in range(3):
            call = PaymentOperation.objects.filter(kind="renew", state__in=OPEN_STATES).first()
            if call is None:
                break
            assert OperationKind.VOID not in claimed()
            hear(call, answer, now, call.token)
            call.refresh_from_db()
            if call.is_open:
                hear(call, RENEWED, now, call.token)
            held = again(payment).authorization
        assert OperationKind.CAPTURE not in claimed()
        void = PaymentOperation.objects.get(kind="void", state__in=OPEN_STATES)
        assert again(payment).authorization == held
        assert hear(void, Done(reference="pi"), now, void.token).status == "voided"
        assert open_kinds() == []
        assert sum_of_authorised() == 0


def sum_of_authorised() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(CASE WHEN to_account = 'authorised' THEN amount_minor "
            "WHEN from_account = 'authorised' THEN -amount_minor ELSE 0 END), 0) "
            "FROM payments_ledgerentry"
        )
        return int(cursor.fetchone()[0])
