"""Refunds that somebody made at the provider's own desk: counted once, and never taken for ours."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.kernel.events.orders import OrderRefundRequested
from apps.kernel.identifiers import RefundId
from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import (
    LedgerEntry,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import Accepted, Declined, Done, NotMade
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.keep_differences import keep_differences, list_known_differences
from apps.payments.services.refund_payments import refund_payments
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.integration.notifications.story import delivered
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear
from tests.integration.payments.stripe_messages import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

CAME_BACK = Declined(code="lost_or_stolen_card", detail="It came back.", reference="re_desk")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    return captured(now)


def tell(payment: Payment, now: datetime, amount: int = 100, **changes: Any) -> Payment:
    """Send what Stripe sends about a refund, and have it handled; gives the payment afterwards."""
    refund = {
        "object": "refund",
        "id": "re_desk",
        "amount": amount,
        "currency": "eur",
        "status": "succeeded",
        "payment_intent": payment.authorization,
        "metadata": {},
        **changes,
    }
    receive(refund, now, kind="refund.created")
    handle_messages(now=timezone.now())
    return Payment.objects.get(id=payment.id)


def call_off(payment: Payment, now: datetime) -> PaymentOperation:
    """Have the order cancelled; gives the refund that is recorded for it."""
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    return PaymentOperation.objects.get(kind="refund", only_looks=False)


def ask_back(payment: Payment, minor: int, now: datetime) -> PaymentOperation:
    """Have a part of an order that goes on refunded; gives the call."""
    wish = OrderRefundRequested(
        order_id=payment.order_id,
        refund_id=RefundId(uuid.uuid4()),
        amount_minor=minor,
        wanted_minor=minor,
        currency="EUR",
        units=(),
    )
    refund_payments(wanted=[delivered(wish)], now=now)
    return PaymentOperation.objects.get(kind="refund")


def moved() -> list[tuple[str, str, int]]:
    rows = LedgerEntry.objects.filter(what__startswith="Refund").order_by("id")
    return list(rows.values_list("from_account", "to_account", "amount_minor"))


def published(event: str) -> list[dict[str, Any]]:
    rows = StoredEvent.objects.filter(type=f"payments.{event}").order_by("event_id")
    return [row.payload for row in rows]


def steps(payment: Payment) -> list[str]:
    return list(payment.history.order_by("position").values_list("what", flat=True))


class TestARefundMadeAtTheProvider:
    def test_becomes_part_of_the_payment(self, payment: Payment, now: datetime) -> None:
        payment = tell(payment, now, 30)
        assert (payment.status, payment.refunded_minor) == ("partially_refunded", 30)
        assert payment.refund_wanted_minor == 30
        assert moved() == [("provider", "customer", 30)]
        (told,) = published("payment_refunded")
        assert (told["amount_minor"], told["refunded_minor"], told["wanted_minor"]) == (30, 30, 30)
        step = payment.history.get(what="Refund of 0.30 EUR made at the provider (re_desk)")
        assert step.actor == "system:stripe"
        operation = PaymentOperation.objects.get(kind="refund")
        assert (operation.state, operation.reference) == ("succeeded", "re_desk")
        assert (operation.actor, operation.only_looks) == ("system:stripe", True)

    def test_of_all_refunds_the_payment(self, payment: Payment, now: datetime) -> None:
        assert tell(payment, now).status == "refunded"

    def test_that_is_told_again_changes_nothing(self, payment: Payment, now: datetime) -> None:
        tell(payment, now, 30)
        payment = tell(payment, now, 30)
        assert payment.refunded_minor == 30
        assert len(published("payment_refunded")) == 1

    def test_that_is_told_twice_at_once_counts_once(self, payment: Payment, now: datetime) -> None:
        about = {"object": "refund", "id": "re_desk", "amount": 30, "currency": "eur"}
        for _ in range(2):
            receive({**about, "status": "succeeded", "payment_intent": "pi_1"}, now)
        assert tell(payment, now, 20, id="re_other").refunded_minor == 50
        assert len(published("payment_refunded")) == 2

    def test_that_is_not_made_yet_waits_for_its_success(
        self, payment: Payment, now: datetime
    ) -> None:
        assert tell(payment, now, 30, status="pending").refunded_minor == 0
        assert tell(payment, now, 30).refunded_minor == 30

    def test_is_told_of_before_the_charge_is_known(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        capture = ask(payment, OperationKind.CAPTURE, now)
        payment = hear(capture, Accepted(reference="ch_1"), now)
        assert tell(payment, now, 30).refunded_minor == 0
        capture.refresh_from_db()
        assert capture.next_at <= timezone.now()

        hear(capture, Done(reference="ch_1"), now)
        handle_messages(now=timezone.now() + timedelta(minutes=2))
        assert Payment.objects.get().refunded_minor == 30

    def test_of_what_a_dispute_left_with_the_customer_is_a_difference(
        self, payment: Payment, now: datetime
    ) -> None:
        about = {"amount": 80, "currency": "eur", "payment_intent": "pi_1", "reason": ""}
        receive({**about, "object": "dispute", "id": "du_1", "status": "lost"}, now)
        handle_messages(now=timezone.now())
        assert tell(payment, now, 30).refunded_minor == 0
        assert SettlementDifference.objects.get().found_minor == 30
        assert tell(payment, now, 20, id="re_2").refunded_minor == 20

    @pytest.mark.parametrize("changes", [{"amount": 101}, {"currency": "usd"}])
    def test_that_the_payment_has_no_room_for_is_a_difference(
        self, payment: Payment, now: datetime, changes: dict[str, Any]
    ) -> None:
        payment = tell(payment, now, **{"amount": 30, **changes})
        assert (payment.status, payment.refunded_minor, moved()) == ("captured", 0, [])
        found = SettlementDifference.objects.get()
        assert (found.kind, found.subject) == ("unknown_movement", "refund:re_desk")
        assert (found.payment_id, found.found_minor) == (
            payment.id,
            {"amount": 30, **changes}["amount"],
        )
        assert "does not fit into what is left" in steps(payment)[-1]
        tell(payment, now, **{"amount": 30, **changes})
        assert SettlementDifference.objects.count() == 1

        # A report that does not show it yet says nothing against it.
        known = list_known_differences("stripe", [payment.id], ())
        keep_differences(provider="stripe", found=[], known=known, now=now)
        assert SettlementDifference.objects.get().is_open

    def test_of_a_payment_that_was_never_charged_is_a_difference(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        payment = hear(operation, DONE, now)
        assert tell(payment, now, 30).status == "authorized"
        assert not SettlementDifference.objects.exists()
        handle_messages(now=now + timedelta(hours=2))
        assert SettlementDifference.objects.get().found_minor == 30


class TestARefundOfOurs:
    def test_is_never_taken_for_an_external_one(self, payment: Payment, now: datetime) -> None:
        refund = call_off(payment, now)
        names = {"payment_id": str(payment.id), "operation_id": str(refund.id)}
        # The message is faster than the answer to our call.
        assert tell(payment, now, id="re_1", metadata=names).refunded_minor == 0
        payment = hear(refund, Done(reference="re_1"), now)
        assert payment.refunded_minor == 100
        assert tell(payment, now, id="re_1", metadata=names).refunded_minor == 100
        assert PaymentOperation.objects.filter(kind="refund").count() == 1
        assert moved() == [("provider", "customer", 100)]

    def test_names_a_call_of_ours_and_not_just_anything(
        self, payment: Payment, now: datetime
    ) -> None:
        payment = tell(payment, now, 30, metadata={"operation_id": str(uuid.uuid4())})
        assert payment.refunded_minor == 30

    def test_that_is_found_to_be_the_external_one_counts_once(
        self, payment: Payment, now: datetime
    ) -> None:
        refund = call_off(payment, now)
        payment = tell(payment, now)
        assert payment.status == "refunded"
        # Stripe has nothing left, and the adapter finds what was made by hand.
        payment = hear(refund, Done(reference="re_desk"), now)
        assert (payment.status, payment.refunded_minor) == ("refunded", 100)
        assert moved() == [("provider", "customer", 100)]
        assert published("payment_refund_failed") == []
        refund.refresh_from_db()
        assert (refund.state, payment.undo_at) == ("declined", None)

    def test_that_was_found_by_hand_before_its_message_counts_once(
        self, payment: Payment, now: datetime
    ) -> None:
        refund = call_off(payment, now)
        payment = hear(refund, Done(reference="re_desk"), now)
        assert tell(payment, now).refunded_minor == 100
        assert len(published("payment_refunded")) == 1

    def test_that_is_refused_as_nothing_is_left_is_no_failure(
        self, payment: Payment, now: datetime
    ) -> None:
        refund = call_off(payment, now)
        tell(payment, now)
        payment = hear(refund, Declined(code="charge_already_refunded", detail=""), now)
        assert (payment.status, payment.undo_at) == ("refunded", None)
        assert published("payment_refund_failed") == []

    def test_that_was_refused_for_it_is_made_of_the_rest_once_that_is_told(
        self, payment: Payment, now: datetime
    ) -> None:
        refund = call_off(payment, now)
        payment = hear(refund, Declined(code="too_much", detail=""), now)
        assert payment.undo_at is not None
        payment = tell(payment, now, 30)
        assert (payment.refunded_minor, payment.undo_at) == (30, None)
        (again,) = PaymentOperation.objects.filter(kind="refund", state__in=OPEN_STATES)
        # Somebody may have given back more there meanwhile: it is looked up before it is made.
        assert (again.amount_minor, again.state, again.only_looks) == (70, "unknown", False)
        assert hear(again, Done(reference="re_2"), now).status == "refunded"

    def test_that_is_refused_after_others_is_tried_again_as_soon_as_a_first_one(
        self, payment: Payment, now: datetime
    ) -> None:
        for number in range(6):
            payment = tell(payment, now, 10, id=f"re_{number}")
        refund = call_off(payment, now)
        payment = hear(refund, Declined(code="refused", detail=""), now)
        assert payment.undo_at == now + timedelta(minutes=10)

    def test_that_was_not_made_yet_gives_way(self, payment: Payment, now: datetime) -> None:
        refund = call_off(payment, now)
        tell(payment, now, 30)
        (claimed,) = claim_operations(gate=refund.gate, at_most=5)
        assert (claimed.call.operation_id, claimed.may_be_made) == (refund.id, False)
        payment = hear(refund, NotMade(), now, token=claimed.token)
        refund.refresh_from_db()
        assert (refund.state, refund.error_code) == ("failed", "overtaken")
        again = PaymentOperation.objects.get(kind="refund", state="pending")
        assert again.amount_minor == 70
        assert hear(again, Done(reference="re_2"), now).status == "refunded"

    def test_that_was_made_after_it_was_given_up_counts_all_the_same(
        self, payment: Payment, now: datetime
    ) -> None:
        refund = call_off(payment, now)
        tell(payment, now, 30)
        (claimed,) = claim_operations(gate=refund.gate, at_most=5)
        hear(refund, NotMade(), now, token=claimed.token)
        names = {"payment_id": str(payment.id), "operation_id": str(refund.id)}
        assert tell(payment, now, 40, id="re_late", metadata=names).refunded_minor == 70

    def test_that_ends_after_the_external_one_is_a_refund_of_its_own(
        self, payment: Payment, now: datetime
    ) -> None:
        ours = ask_back(payment, 50, now)
        hear(ours, Accepted(reference="re_ours"), now)
        tell(payment, now, 50)
        payment = hear(ours, Done(reference="re_ours"), now)
        assert (payment.refunded_minor, payment.refund_wanted_minor) == (100, 100)
        assert [one["wanted_minor"] for one in published("payment_refunded")] == [50, 100]

    def test_goes_on_where_the_external_one_leaves_room(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30)
        refund = call_off(payment, now)
        (claimed,) = claim_operations(gate=refund.gate, at_most=5)
        assert (claimed.call.amount.amount_minor, claimed.may_be_made) == (70, True)


class TestARefundThatDoesNotLast:
    def test_is_made_up_for_at_the_provider_in_whatever_order_that_is_told(
        self, payment: Payment, now: datetime
    ) -> None:
        ours = ask_back(payment, 50, now)
        hear(ours, Done(reference="re_ours"), now)
        about = {"object": "refund", "amount": 50, "currency": "eur", "payment_intent": "pi_1"}
        receive({**about, "id": "re_desk", "status": "succeeded", "metadata": {}}, now)
        receive({**about, "id": "re_ours", "status": "failed", "metadata": {}}, now)
        handle_messages(now=timezone.now())
        assert Payment.objects.get().refunded_minor == 50
        PaymentOperation.objects.filter(id=ours.id).update(next_at=now)
        (claimed,) = claim_operations(gate=ours.gate, at_most=5)
        payment = hear(ours, CAME_BACK, now, token=claimed.token)
        assert (payment.refunded_minor, payment.refund_wanted_minor) == (50, 50)
        assert not payment.owes_money_back

    def test_is_told_although_nothing_may_go_back_while_it_is_disputed(
        self, payment: Payment, now: datetime
    ) -> None:
        ours = ask_back(payment, 50, now)
        hear(ours, Done(reference="re_ours"), now)
        about = {"amount": 100, "currency": "eur", "payment_intent": "pi_1"}
        receive(
            {**about, "object": "dispute", "id": "du_1", "status": "needs_response", "reason": ""},
            now,
        )
        receive({**about, "object": "refund", "id": "re_ours", "status": "failed"}, now)
        handle_messages(now=timezone.now())
        PaymentOperation.objects.filter(id=ours.id).update(next_at=now)
        (claimed,) = claim_operations(gate=ours.gate, at_most=5)
        payment = hear(ours, CAME_BACK, now, token=claimed.token)
        assert (payment.refunded_minor, payment.to_refund_minor) == (0, 0)
        (told,) = published("payment_refund_failed")
        assert (told["amount_minor"], told["refunded_minor"]) == (50, 0)

    def test_is_looked_up_and_given_back_by_us(self, payment: Payment, now: datetime) -> None:
        payment = tell(payment, now, 30)
        tell(payment, now, 30, status="failed")
        operation = PaymentOperation.objects.get(kind="refund")
        assert operation.state == "unknown"
        PaymentOperation.objects.filter(id=operation.id).update(next_at=now)
        (claimed,) = claim_operations(gate=operation.gate, at_most=5)
        assert (claimed.may_be_made, claimed.call.reference) == (False, "re_desk")

        payment = hear(operation, CAME_BACK, now, token=claimed.token)
        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert payment.undo_at is not None
        (told,) = published("payment_refund_failed")
        assert (told["amount_minor"], told["refunded_minor"]) == (30, 0)

    def test_and_is_told_before_its_success_is_left_out(
        self, payment: Payment, now: datetime
    ) -> None:
        tell(payment, now, 30, status="failed")
        # It names nothing that we know, so the newest thing done, the charge, is looked up.
        capture = PaymentOperation.objects.get(kind="capture")
        assert hear(capture, Done(reference="ch_1"), now).captured_minor == 100
        assert tell(payment, now, 30).refunded_minor == 0
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()
        assert published("payment_refunded") == []
