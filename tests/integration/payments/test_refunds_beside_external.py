"""Refunds of ours beside those made at the provider's own desk: never taken for one another."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import (
    Payment,
    PaymentOperation,
)
from apps.payments.ports import Accepted, Declined, Done, NotMade
from apps.payments.services.claim_operations import claim_operations
from tests.integration.payments.desk_refunds import (
    ask_back,
    call_off,
    moved,
    published,
    tell,
)
from tests.integration.payments.story import captured, hear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    return captured(now)


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
