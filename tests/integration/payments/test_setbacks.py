"""What had succeeded, and what the provider says of it afterwards."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import Declined, Done, NotMade
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.operations import new_operation
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_payments import undo_payments
from apps.platform.outbox.models import StoredEvent
from config.invariants import Scope, check_invariants, list_invariants
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, authorizing, captured, hear, message

pytestmark = pytest.mark.django_db

CAME_BACK = Declined(
    code="lost_or_stolen_card", detail="The money could not be sent back.", reference="re_1"
)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def refunded(now: datetime) -> tuple[Payment, PaymentOperation]:
    payment = captured(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    refund = PaymentOperation.objects.get(kind="refund")
    return hear(refund, Done(reference="re_1"), now), refund


def published(event: str) -> int:
    return StoredEvent.objects.filter(type=f"payments.{event}").count()


def refund_of(payment: Payment, nth: int, amount_minor: int, now: datetime) -> PaymentOperation:
    """Store a refund that is to be made."""
    refund = new_operation(
        payment,
        OperationKind.REFUND,
        amount_minor=amount_minor,
        nth=nth,
        cause=make_cause(),
        now=now,
    )
    refund.save()
    return refund


def tell_of(
    payment: Payment, reference: str, now: datetime, setback_of: str = "refund"
) -> ProviderMessageRecord:
    """Store the message that a call did not last."""
    record = message(payment, now, f"failed {reference}", is_setback=True)
    record.call_reference, record.setback_of = reference, setback_of
    record.save()
    return record


class TestARefund:
    def test_that_came_back_is_told_and_tried_again(self, now: datetime) -> None:
        payment, refund = refunded(now)
        assert payment.status == "refunded"
        message(payment, now, is_setback=True)

        handle_messages(now=now)
        refund.refresh_from_db()
        assert refund.state == "unknown"
        payment = hear(refund, CAME_BACK, now)

        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert payment.undo_at == now + timedelta(minutes=10)
        assert published("payment_refund_failed") == 1

    def test_that_stands_after_all_counts_once(self, now: datetime) -> None:
        payment, refund = refunded(now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)
        payment = hear(refund, Done(reference="re_1"), now)
        assert (payment.status, payment.refunded_minor) == ("refunded", 100)
        assert published("payment_refund_failed") == 0

    def test_is_not_doubted_for_other_news(self, now: datetime) -> None:
        payment, refund = refunded(now)
        message(payment, now)
        handle_messages(now=now)
        refund.refresh_from_db()
        assert refund.state == "succeeded"

    def test_that_is_open_is_looked_up_by_an_unknown_name(self, now: datetime) -> None:
        payment = captured(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        due_at = now + timedelta(hours=1)
        PaymentOperation.objects.filter(kind="refund").update(state="waiting", next_at=due_at)
        tell_of(payment, "psp_9", now, setback_of="refund")
        handle_messages(now=now)
        assert PaymentOperation.objects.get(kind="refund").next_at == now


class TestACharge:
    def test_that_stands_after_all_is_told_once_more_and_alarms_nobody(self, now: datetime) -> None:
        payment = captured(now)
        review_setbacks(about={payment.id: ()}, now=now)
        payment = hear(PaymentOperation.objects.get(kind="capture"), Done(reference="ch_1"), now)
        assert (payment.status, payment.captured_minor) == ("captured", 100)
        assert published("payment_captured") == 2
        once = [one for one in list_invariants() if one.name == "decisive_events_happen_once"]
        (finding,) = check_invariants(once, scope=Scope())
        assert finding.rows == []

    def test_of_which_news_has_an_unknown_name_is_the_newest_charge(self, now: datetime) -> None:
        payment, refund = refunded(now)
        tell_of(payment, "psp_9", now, setback_of="capture")
        handle_messages(now=now)
        refund.refresh_from_db()
        assert refund.state == "succeeded"
        assert not payment.history.filter(what__endswith="in doubt").exists()
        assert SettlementDifference.objects.get().subject == "charge:ch_1"

    def test_that_is_named_by_news_of_no_kind_is_told(self, now: datetime) -> None:
        """As news that was stored before its kind was kept."""
        payment, _ = refunded(now)
        tell_of(payment, "ch_1", now, setback_of="")
        handle_messages(now=now)
        assert SettlementDifference.objects.get().subject == "charge:ch_1"

    def test_is_doubted_by_an_unknown_name_once_the_refund_has_ended(self, now: datetime) -> None:
        payment = captured(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        record = tell_of(payment, "psp_9", now, setback_of="capture")
        handle_messages(now=now)
        hear(PaymentOperation.objects.get(kind="refund"), CAME_BACK, now)
        handle_messages(now=now + timedelta(minutes=1))
        assert PaymentOperation.objects.get(kind="capture").state == "unknown"
        record.refresh_from_db()
        assert record.handled_at is not None


class TestAnAuthorisation:
    def test_that_has_run_out_voids_the_payment(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        message(payment, now, is_setback=True)

        handle_messages(now=now)
        void = PaymentOperation.objects.get(kind="void")
        assert (void.state, void.only_looks) == ("unknown", True)

        assert hear(void, Done(reference="pi_1"), now).status == "voided"
        assert published("payment_voided") == 1

    def test_that_stands_after_all_stays(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)

        payment = hear(PaymentOperation.objects.get(kind="void"), NotMade(), now)

        assert (payment.status, payment.undo_at) == ("authorized", None)
        assert published("payment_void_failed") == 0
        assert not PaymentOperation.objects.filter(state__in=OPEN_STATES).exists()

    def test_that_was_voided_by_us_is_no_news(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(PaymentOperation.objects.get(kind="void"), DONE, now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)
        assert not PaymentOperation.objects.filter(state__in=OPEN_STATES).exists()

    def test_that_is_not_wanted_meanwhile_is_voided_at_once(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        message(payment, now, is_setback=True)
        handle_messages(now=now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)

        hear(PaymentOperation.objects.get(kind="void"), NotMade(), now)

        void = PaymentOperation.objects.get(kind="void", nth=2)
        assert (void.state, void.only_looks) == ("pending", False)


class TestSeveralRefunds:
    @pytest.fixture
    def payment(self, now: datetime) -> Payment:
        """A payment of which 30 went back by one call, and 20 by another."""
        payment = captured(now)
        for nth, amount in enumerate((30, 20), start=1):
            refund = refund_of(payment, nth, amount, now)
            payment = hear(refund, Done(reference=f"re_{nth}"), now)
        return payment

    def states(self) -> list[str]:
        refunds = PaymentOperation.objects.filter(kind="refund").order_by("nth")
        return list(refunds.values_list("state", flat=True))

    def refuse_what_is_in_doubt(self, now: datetime) -> Payment:
        return hear(PaymentOperation.objects.get(state="unknown"), CAME_BACK, now)

    def test_the_one_that_came_back_is_doubted(self, payment: Payment, now: datetime) -> None:
        tell_of(payment, "re_1", now)
        handle_messages(now=now)
        assert self.states() == ["unknown", "succeeded"]
        assert Payment.objects.get(id=payment.id).refunded_minor == 20

    def test_that_came_back_together_are_doubted_one_after_the_other(
        self, payment: Payment, now: datetime
    ) -> None:
        for reference in ("re_1", "re_2"):
            tell_of(payment, reference, now)
        handle_messages(now=now)
        assert self.states() == ["succeeded", "unknown"]
        assert self.refuse_what_is_in_doubt(now).refunded_minor == 30

        later = now + timedelta(minutes=1)
        handle_messages(now=later)

        assert self.states() == ["unknown", "declined"]
        payment = self.refuse_what_is_in_doubt(later)
        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()

    @pytest.mark.parametrize("state", ["pending", "in_flight", "unknown", "waiting"])
    def test_one_is_doubted_once_another_that_is_open_has_ended(
        self, payment: Payment, now: datetime, state: str
    ) -> None:
        third = refund_of(payment, 3, 10, now)
        due_at = now + timedelta(hours=6)
        PaymentOperation.objects.filter(id=third.id).update(state=state, next_at=due_at)
        record = tell_of(payment, "re_1", now)
        for minute in range(3):
            handle_messages(now=now + timedelta(minutes=minute))
        record.refresh_from_db()
        assert (record.handled_at, self.states()) == (None, ["succeeded", "succeeded", state])
        third.refresh_from_db()
        assert third.next_at == due_at  # the news says nothing of it

        hear(third, Done(reference="re_3"), now)
        later = now + timedelta(minutes=4)
        handle_messages(now=later)

        assert self.states() == ["unknown", "succeeded", "succeeded"]
        record.refresh_from_db()
        assert record.handled_at == later

    def test_news_of_the_one_that_is_open_has_it_looked_up(
        self, payment: Payment, now: datetime
    ) -> None:
        third = refund_of(payment, 3, 10, now)
        PaymentOperation.objects.filter(id=third.id).update(
            state="waiting", reference="re_3", next_at=now + timedelta(hours=6)
        )
        record = tell_of(payment, "re_3", now)
        handle_messages(now=now)
        third.refresh_from_db()
        record.refresh_from_db()
        assert (third.next_at, record.handled_at) == (now, now)

    def test_what_a_person_has_closed_is_contradicted_once_it_is_looked_into(
        self, payment: Payment, now: datetime
    ) -> None:
        PaymentOperation.objects.filter(reference="re_1").update(error_code="closed_by_hand")
        third = refund_of(payment, 3, 10, now)
        record = tell_of(payment, "re_1", now)
        ProviderMessageRecord.objects.filter(id=record.id).update(was_done=False)
        said = payment.history.filter(what="The provider says that the refund was not done")
        handle_messages(now=now)
        assert said.count() == 0

        hear(third, Done(reference="re_3"), now)
        handle_messages(now=now + timedelta(minutes=1))

        assert said.count() == 1
