"""Refunds that somebody made at the provider's own desk: counted once, and given back by us should they fail."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import Declined, Done
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.keep_differences import keep_differences, list_known_differences
from tests.integration.payments.desk_refunds import ask_back, moved, published, send, steps, tell
from tests.integration.payments.story import captured, hear
from tests.integration.payments.stripe_messages import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

CAME_BACK = Declined(code="lost_or_stolen_card", detail="It came back.", reference="re_desk")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    return captured(now)


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

    def test_is_told_in_the_name_of_its_own_message(self, payment: Payment, now: datetime) -> None:
        for name in ("re_1", "re_2"):
            send(payment, now, 10, id=name)
        handle_messages(now=timezone.now())
        said = {
            one.refund["reference"]: f"message:{one.id}"
            for one in ProviderMessageRecord.objects.all()
            if one.refund
        }
        made = PaymentOperation.objects.filter(kind="refund")
        assert dict(made.values_list("reference", "causation_id")) == said


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
