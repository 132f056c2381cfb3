"""Payments by Adyen from the order to the refund: dispatched, told by webhook, over real HTTP."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
)
from apps.payments.services.take_back_customer import CAME_BACK, MOST_RETURNS
from apps.platform.database_clock import database_now
from tests.integration.payments.adyen_story import Story, published

pytestmark = pytest.mark.django_db(transaction=True)


class TestAPayment:
    def test_is_authorised_captured_and_refunded(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        assert (payment.status, payment.brand, payment.last4) == ("authorized", "visa", "4242")

        payment = story.ask(payment, OperationKind.CAPTURE)
        assert payment.status == "authorized"
        payment = story.hear(payment, "CAPTURE")
        assert (payment.status, payment.captured_minor) == ("captured", 12990)

        payment = story.call_off(payment)
        assert payment.status == "captured"
        payment = story.hear(payment, "REFUND")
        assert (payment.status, payment.refunded_minor) == ("refunded", 12990)

        assert story.books(payment) == (0, 12990, 12990)
        assert published("payment_captured") == 1
        assert published("payment_refunded") == 1

    def test_hears_everything_twice_and_moves_once(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        payment = story.ask(payment, OperationKind.CAPTURE)
        story.simulator.receiver.wait_for("AUTHORISATION")
        payment = story.hear(payment, "CAPTURE")

        payment = story.hear(payment, "CAPTURE")

        # The simulator announces reports when it likes.
        heard = ProviderMessageRecord.objects.exclude(kind="REPORT_AVAILABLE")
        assert sorted(heard.values_list("kind", flat=True)) == ["AUTHORISATION", "CAPTURE"]
        assert payment.status == "captured"
        assert published("payment_captured") == 1

    def test_is_voided(self, story: Story) -> None:
        payment = story.call_off(story.begin("stored_card_authorised"))
        assert payment.status == "authorized"
        assert story.hear(payment, "CANCELLATION").status == "voided"
        assert story.books(payment) == (0, 0, 0)

    def test_whose_answer_is_lost_is_authorised_once(self, story: Story) -> None:
        with story.simulator.faults(lose_answers_rate=1):
            payment = story.begin("stored_card_authorised")
        assert payment.status == "pending"

        payment = story.hear(payment, "AUTHORISATION")

        assert payment.status == "authorized"
        assert len(story.simulator.payment(payment.id)["attempts"]) == 1

    def test_that_was_captured_at_adyen_is_refunded_in_the_end(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        amount = {"currency": "EUR", "value": 12990}
        path = f"/payments/{payment.authorization}/captures"
        story.simulator.by_hand(path, {"amount": amount}, "by-hand")
        story.simulator.receiver.wait_for("CAPTURE")

        payment = story.call_off(payment)
        payment = story.hear(payment, "CANCELLATION")
        payment = story.dispatch(payment)
        payment = story.hear(payment, "REFUND")

        assert payment.status == "refunded"
        assert story.books(payment) == (0, 12990, 12990)

    def test_that_was_captured_in_part_at_adyen_is_charged_that(
        self, story: Story, settings: Settings
    ) -> None:
        settings.OMS_CAPTURE_ON = "request"
        payment = story.begin("stored_card_authorised")
        name = payment.authorization
        story.simulator.ask(f"/_capture?psp_reference={name}&value=6000", "POST")
        payment = story.hear(payment, "CAPTURE")
        assert (payment.status, payment.captured_minor) == ("captured", 6000)

    def test_that_was_captured_in_part_at_adyen_gives_that_back(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        name = payment.authorization
        story.simulator.ask(f"/_capture?psp_reference={name}&value=6000", "POST")
        story.simulator.receiver.wait_for("CAPTURE")

        payment = story.call_off(payment)
        payment = story.hear(payment, "CANCELLATION")
        payment = story.dispatch(payment)
        payment = story.hear(payment, "REFUND")

        assert (payment.status, payment.captured_minor) == ("refunded", 6000)
        assert story.books(payment) == (0, 6000, 6000)


class TestApprovalByTheCustomer:
    def test_counts_once_the_customer_is_back(self, story: Story) -> None:
        payment = story.begin("stored_card_challenge")
        assert payment.status == "requires_action"
        query = story.simulator.decide(payment.action_url, "approve")

        payment = story.come_back(payment, query)

        assert (payment.status, payment.last4) == ("authorized", "3184")
        assert payment.authorization != str(payment.id)
        assert story.books(payment) == (12990, 0, 0)
        assert story.hear(payment, "AUTHORISATION").status == "authorized"

    def test_that_is_refused_fails_the_payment(self, story: Story) -> None:
        payment = story.begin("stored_card_challenge")
        query = story.simulator.decide(payment.action_url, "fail")

        payment = story.come_back(payment, query)

        assert (payment.status, payment.failure_code) == ("failed", "authentication_failed")

    def test_cannot_be_brought_from_another_payment(self, story: Story) -> None:
        dear, cheap = (story.begin("stored_card_challenge") for _ in range(2))
        query = story.simulator.decide(cheap.action_url, "approve")

        assert story.come_back(dear, query).status == "requires_action"

    def test_is_found_among_the_newest_things_that_were_brought(self, story: Story) -> None:
        payment = story.begin("stored_card_challenge")
        for nth in range(MOST_RETURNS + 1):
            story.come_back(payment, {"redirectResult": f"made-up-{nth}"})
            story.come_back(payment, {"redirectResult": f"made-up-{nth}"})
        kept = ProviderMessageRecord.objects.filter(payment_id=payment.id, kind=CAME_BACK)
        assert kept.count() == MOST_RETURNS

        query = story.simulator.decide(payment.action_url, "approve")
        assert story.come_back(payment, query).status == "authorized"

        story.come_back(payment, {"redirectResult": "too-late"})
        assert not kept.filter(facts__redirectResult="too-late").exists()

    def test_that_is_not_given_in_time_is_called_off(self, story: Story) -> None:
        payment = story.begin("stored_card_challenge")
        Payment.objects.filter(id=payment.id).update(action_expires_at=database_now())
        PaymentOperation.objects.filter(payment=payment).update(next_at=database_now())

        payment = story.dispatch(payment)
        payment = story.hear(payment, "TECHNICAL_CANCEL")

        assert (payment.status, payment.failure_code) == ("failed", "action_expired")
        assert story.books(payment) == (0, 0, 0)


class TestTheWebhook:
    def test_without_its_password_is_refused(self, story: Story, client: Client) -> None:
        story.begin("stored_card_authorised")
        (letter,) = story.simulator.receiver.wait_for("AUTHORISATION")

        answer = client.post("/api/v1/webhooks/adyen", letter.body, content_type="application/json")

        assert answer.status_code == 400
        assert not ProviderMessageRecord.objects.exists()
