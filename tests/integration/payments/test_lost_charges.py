"""Charges of Adyen's that do not last while money of them goes back: real calls over HTTP, real signatures."""

import pytest
from django.db import transaction
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import ProviderMessageRecord, SettlementDifference
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.keep_differences import keep_differences, list_known_differences
from apps.payments.services.settle_refund import may_be_settled
from apps.platform.telemetry.metrics import captures_failed_total
from tests.contract.payments.simulated_adyen import SimulatedAdyen
from tests.integration.payments.disputed_shop import broken
from tests.integration.payments.setback_story import Story
from tests.integration.shop import call_off, payment_of, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)

FAILED = "Capture failed (capture_failed) after money of it had gone back: nothing more is owed"


@pytest.fixture
def story(adyen: SimulatedAdyen) -> Story:
    return Story("adyen", "stored_card_capture_fails_later", adyen)


def counted() -> float:
    return float(captures_failed_total.labels(gateway="adyen")._value.get())


def differences() -> list[tuple[str, int | None, int | None, str]]:
    rows = SettlementDifference.objects.values_list(
        "kind", "expected_minor", "found_minor", "state"
    )
    return list(rows)


class TestAChargeThatFails:
    def test_while_its_refund_waits_is_looked_at_after_that(self, story: Story) -> None:
        story.simulator.receiver.wait_for("CAPTURE_FAILED")
        call_off(story.order)
        work_off()
        assert story.refunds() == [(2480, "waiting")]
        story.hear_of("CAPTURE_FAILED")
        assert payment_of(story.order).status == "captured"

        story.hear_of("REFUND")
        story.go_on()
        story.hear_of("CANCELLATION")

        order, payment = settled(story.order), payment_of(story.order)
        assert (order.status, order.payment_status) == ("cancelled", "voided")
        assert (payment.status, payment.captured_minor, payment.undo_at) == ("voided", 0, None)
        assert (story.in_books("captured"), story.in_books("refunded")) == (0, 0)
        assert not may_be_settled(payment, ())
        assert differences() == []
        assert broken() == []

    def test_while_a_refund_of_a_part_waits_calls_the_order_off(self, story: Story) -> None:
        story.simulator.receiver.wait_for("CAPTURE_FAILED")
        story.refund(500)
        story.hear_of("CAPTURE_FAILED")
        story.hear_of("REFUND")
        story.go_on()
        story.hear_of("CANCELLATION")

        order, payment = settled(story.order), payment_of(story.order)
        assert (order.status, order.cancel_reason) == ("cancelled", "payment_failed")
        assert (payment.status, payment.captured_minor) == ("voided", 0)

    def test_after_a_part_went_back_is_told_to_staff(self, story: Story) -> None:
        before = counted()
        story.refund_made(500)
        story.hear_of("CAPTURE_FAILED")

        order, payment = settled(story.order), payment_of(story.order)
        assert payment.history.filter(what=FAILED).count() == 1
        assert order.history.latest("position").what == (
            "Capture failed (capture_failed) after a refund of 5.00 EUR; finance has to look"
        )
        assert (order.status, order.payment_status) == ("confirmed", "capture_failed")
        assert differences() == [("amount_differs", 2480, 0, "open")]
        assert counted() == before + 1
        assert (story.in_books("captured"), story.in_books("refunded")) == (0, 500)
        assert payment.refunded_minor == 500
        assert broken() == []

    def test_is_told_once_however_often_it_is_heard_of(self, story: Story) -> None:
        before = counted()
        story.refund_made(500)
        story.hear_of("CAPTURE_FAILED")
        news = ProviderMessageRecord.objects.filter(kind="CAPTURE_FAILED")
        news.update(handled_at=None, next_at=timezone.now())
        handle_messages(now=timezone.now())
        assert payment_of(story.order).history.filter(what=FAILED).count() == 1
        assert counted() == before + 1

    def test_after_all_went_back_is_told_to_finance(self, story: Story) -> None:
        call_off(story.order)
        work_off()
        story.hear_of("REFUND")
        assert Order.objects.get(id=story.order.id).status == "cancelled"
        story.hear_of("CAPTURE_FAILED")

        order = settled(story.order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert order.history.filter(what__startswith="Capture failed").count() == 1
        assert payment_of(order).history.filter(what=FAILED).count() == 1
        assert differences() == [("amount_differs", 2480, 0, "open")]

    def test_after_a_part_went_back_while_the_rest_waits_is_not_given_back_again(
        self, story: Story
    ) -> None:
        story.refund_made(500)
        story.simulator.receiver.wait_for("CAPTURE_FAILED")
        call_off(story.order)
        work_off()
        story.hear_of("CAPTURE_FAILED")
        story.hear_of("REFUND", count=2)
        assert payment_of(story.order).undo_at is not None
        story.go_on()

        payment = payment_of(story.order)
        assert story.refunds() == [(500, "succeeded"), (1980, "declined")]
        assert payment.history.filter(what=FAILED).count() == 1
        assert payment.undo_at is None

    def test_of_all_given_back_leaves_an_order_that_can_be_called_off(self, story: Story) -> None:
        story.refund_made(2480)
        story.hear_of("CAPTURE_FAILED")
        assert settled(story.order).status == "confirmed"
        call_off(story.order)
        assert settled(story.order).status == "cancelled"

    def test_stays_a_difference_while_no_report_shows_it(self, story: Story) -> None:
        story.refund_made(500)
        story.hear_of("CAPTURE_FAILED")
        with transaction.atomic():
            known = list_known_differences("adyen", [payment_of(story.order).id], ())
            keep_differences(provider="adyen", found=[], known=known, now=timezone.now())
        assert differences() == [("amount_differs", 2480, 0, "open")]
