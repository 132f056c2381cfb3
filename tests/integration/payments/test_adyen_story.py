"""Payments by Adyen from the order to the refund: dispatched, told by webhook, over real HTTP."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from apps.kernel.identifiers import CustomerId, OrderId
from apps.payments.adapters.registry import gateway_named
from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.services.close_call import close_call
from apps.payments.services.dispatch_operations import dispatch_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.operations import new_operation
from apps.payments.services.reconcile_due import reconcile_due
from apps.payments.services.reconcile_payments import reconcile_payments
from apps.payments.services.take_back_customer import CAME_BACK, MOST_RETURNS
from apps.payments.services.undo_payments import undo_payments
from apps.platform.database_clock import database_now
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.contract.payments.simulated_adyen import (
    KEY,
    MERCHANT,
    PASSWORD,
    USER,
    SimulatedAdyen,
    event_of,
)
from tests.integration.payments.reconciled_shop import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatedAdyen]:
    simulator = SimulatedAdyen()
    simulator.start()
    yield simulator
    simulator.stop()


class Story:
    """A payment, and the parts of the platform that move it."""

    def __init__(self, simulator: SimulatedAdyen, client: Client) -> None:
        self.simulator = simulator
        self._client = client
        self._delivered = 0

    def begin(self, token: str) -> Payment:
        """Store a payment and have it authorised."""
        now = database_now()
        payment = Payment.objects.create(
            order_id=OrderId(uuid.uuid4()),
            order_number="X",
            customer_id=CustomerId(uuid.uuid4()),
            amount_minor=12990,
            currency="EUR",
            provider="adyen",
            method_type="card",
            method_token=token,
            created_at=now,
            updated_at=now,
        )
        return self.ask(payment, OperationKind.AUTHORIZE)

    def ask(self, payment: Payment, kind: OperationKind) -> Payment:
        """Record a call for the whole amount and carry it out."""
        new_operation(
            payment, kind, amount_minor=12990, cause=make_cause(), now=database_now()
        ).save()
        return self.dispatch(payment)

    def call_off(self, payment: Payment) -> Payment:
        """Have the money given back."""
        undo_payments(causes={payment.order_id: make_cause()}, now=database_now())
        return self.dispatch(payment)

    def dispatch(self, payment: Payment) -> Payment:
        """Carry out what is due."""
        dispatch_operations(gate_name="adyen")
        return Payment.objects.get(id=payment.id)

    def hear(self, payment: Payment, event: str, *, lost: str = "") -> Payment:
        """Have the webhooks up to this one delivered, but for what was lost, and done about what they say."""
        self.simulator.receiver.wait_for(event)
        for letter in list(self.simulator.receiver.letters):
            if event_of(letter) == lost:
                continue
            answer = self._client.post(
                "/api/v1/webhooks/adyen",
                letter.body,
                content_type="application/json",
                headers={"authorization": letter.headers["authorization"]},
            )
            assert answer.status_code == 200
        handle_messages(now=database_now())
        return self.dispatch(payment)

    def come_back(self, payment: Payment, query: dict[str, str]) -> Payment:
        """Be the customer whom the bank sends back to the shop."""
        answer = self._client.get(f"/payments/{payment.id}/return", query)
        assert answer.status_code == 200
        return self.dispatch(payment)

    def books(self, payment: Payment) -> tuple[int, int, int]:
        """Give what Adyen holds, has captured and has refunded."""
        line = self.simulator.payment(payment.id)
        return line["authorized"], line["captured"], line["refunded"]


@pytest.fixture
def story(running: SimulatedAdyen, settings: Settings, client: Client) -> Iterator[Story]:
    running.begin_anew()
    settings.ADYEN_API_BASE = running.api_base
    settings.ADYEN_API_KEY = "key_of_the_story"
    settings.ADYEN_MERCHANT_ACCOUNT = MERCHANT
    settings.ADYEN_HMAC_KEY = KEY
    settings.ADYEN_WEBHOOK_USER = USER
    settings.ADYEN_WEBHOOK_PASSWORD = PASSWORD
    settings.ADYEN_REPORT_BASE = f"{running.base}/reports/"
    gateway_named.cache_clear()
    yield Story(running, client)
    gateway_named.cache_clear()


def published(event: str) -> int:
    return StoredEvent.objects.filter(type=f"payments.{event}").count()


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
        payment = story.hear(payment, "CAPTURE")
        messages = ProviderMessageRecord.objects.count()

        payment = story.hear(payment, "CAPTURE")

        assert ProviderMessageRecord.objects.count() == messages == 2
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


class TestItsReport:
    def test_is_not_missed_before_money_has_moved(self, story: Story, settings: Settings) -> None:
        settings.OMS_GATEWAYS = ["adyen"]
        payment = story.begin("stored_card_authorised")
        assert run() == (0, "adyen: 0 lines, 0 new\nReport and ledger agree.\n")
        assert reconcile_due(now=database_now() + timedelta(days=1)) == ["adyen"]

        story.ask(payment, OperationKind.CAPTURE)
        story.hear(payment, "CAPTURE")
        ProviderMessageRecord.objects.filter(kind="REPORT_AVAILABLE").delete()
        status, said = run()
        assert (status, "Adyen has announced no report" in said) == (2, True)
        long_ago = (database_now() - timedelta(days=1)).isoformat()
        assert run("--until", long_ago)[0] == 0

    def test_is_announced_by_webhook_and_agrees_with_the_ledger(
        self, story: Story, settings: Settings
    ) -> None:
        settings.OMS_SETTLEMENT_DAYS = 0
        payment = story.begin("stored_card_authorised")
        story.ask(payment, OperationKind.CAPTURE)
        story.hear(payment, "CAPTURE")
        story.call_off(payment)
        payment = story.hear(payment, "REFUND")
        assert payment.status == "refunded"
        story.simulator.ask("/_report", "POST")
        story.hear(payment, "REPORT_AVAILABLE")

        now = database_now()
        # Of another shop of the company, of which nothing is kept.
        ProviderMessageRecord.objects.create(
            provider="adyen", event_id="x", kind="REPORT_AVAILABLE", received_at=now, next_at=now
        )
        done = reconcile_payments(
            provider="adyen", since=now - timedelta(days=1), until=now, now=now
        )

        assert (done.lines_read, done.lines_new) == (2, 2)
        kinds = SettlementLineRecord.objects.filter(payment=payment).values_list("kind", flat=True)
        assert sorted(kinds) == ["charge", "refund"]
        assert not SettlementDifference.objects.exists()

    @pytest.mark.parametrize(
        ("token", "told", "kinds"),
        [
            ("stored_card_capture_fails_later", "CAPTURE_FAILED", ["charge", "charge_undone"]),
            (
                "stored_card_refund_fails_later",
                "REFUND_FAILED",
                ["charge", "refund", "refund_undone"],
            ),
            (
                "stored_card_refund_reversed_later",
                "REFUNDED_REVERSED",
                ["charge", "refund", "refund_undone"],
            ),
        ],
    )
    def test_shows_a_setback_that_was_never_told(
        self, story: Story, settings: Settings, token: str, told: str, kinds: list[str]
    ) -> None:
        settings.OMS_SETTLEMENT_DAYS = 0
        payment = story.begin(token)
        payment = story.hear(story.ask(payment, OperationKind.CAPTURE), "CAPTURE")
        if "refund" in kinds:
            payment = story.hear(story.call_off(payment), "REFUND")
        story.simulator.receiver.wait_for(told)
        story.simulator.ask("/_report", "POST")
        story.hear(payment, "REPORT_AVAILABLE", lost=told)

        now = database_now()
        reconcile_payments(provider="adyen", since=now - timedelta(days=1), until=now, now=now)

        lines = SettlementLineRecord.objects.filter(payment=payment)
        assert sorted(lines.values_list("kind", flat=True)) == kinds
        difference = SettlementDifference.objects.get()
        assert (difference.kind, difference.expected_minor, difference.found_minor) == (
            "amount_differs",
            12990,
            0,
        )

        story.hear(payment, told)
        reconcile_payments(provider="adyen", since=now - timedelta(days=1), until=now, now=now)
        assert SettlementDifference.objects.get().state == "explained"


class TestARenewal:
    def renew(self, story: Story, token: str = "stored_card_authorised") -> Payment:
        """Have a payment renewed; the news of it is still to come."""
        payment = story.ask(story.begin(token), OperationKind.RENEW)
        assert PaymentOperation.objects.get(kind="renew").state == "waiting"
        return payment

    def test_counts_once_it_is_told(self, story: Story) -> None:
        payment = self.renew(story)
        until, authorization = payment.authorized_until, payment.authorization

        payment = story.hear(payment, "AUTHORISATION_ADJUSTMENT")

        assert payment.authorization == authorization
        assert until is not None
        assert payment.authorized_until is not None
        assert payment.authorized_until > until
        assert story.books(payment) == (12990, 0, 0)

    def test_that_is_refused_leaves_the_payment_as_it_is(self, story: Story) -> None:
        payment = self.renew(story, "stored_card_adjustment_refused")

        payment = story.dispatch(story.hear(payment, "AUTHORISATION_ADJUSTMENT"))

        assert (payment.status, payment.is_ending_known) == ("authorized", True)
        void = PaymentOperation.objects.get(kind="void")
        assert (void.state, void.error_code) == ("failed", "not_done")

    def test_is_waited_for_before_the_payment_is_let_go(self, story: Story) -> None:
        payment = story.call_off(self.renew(story))
        assert not PaymentOperation.objects.filter(kind="void").exists()

        payment = story.hear(payment, "AUTHORISATION_ADJUSTMENT")
        payment = story.hear(story.dispatch(payment), "CANCELLATION")

        assert payment.status == "voided"
        assert story.books(payment) == (0, 0, 0)

    def test_of_what_runs_out_meanwhile_ends_in_a_void(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        with story.simulator.faults(down=True):
            story.ask(payment, OperationKind.RENEW)
        story.simulator.ask(f"/_expire?psp_reference={payment.authorization}", "POST")
        story.hear(payment, "EXPIRE")
        PaymentOperation.objects.filter(kind="renew").update(next_at=database_now())

        assert story.dispatch(story.dispatch(payment)).status == "voided"
        assert PaymentOperation.objects.get(kind="renew").state == "declined"


class TestACallWhoseNewsNeverComes:
    @pytest.mark.parametrize("is_done", [True, False])
    def test_is_closed_by_hand_and_stays_so(
        self, story: Story, settings: Settings, is_done: bool
    ) -> None:
        payment = story.begin("stored_card_authorised")
        payment = story.hear(story.ask(payment, OperationKind.CAPTURE), "CAPTURE")
        payment = story.call_off(payment)
        refund = PaymentOperation.objects.get(kind="refund")
        later = refund.created_at + timedelta(minutes=settings.OMS_WAITING_CALL_MINUTES)
        close_call(operation_id=refund.id, is_done=is_done, cause=make_cause(), now=later)
        status = "refunded" if is_done else "captured"
        assert Payment.objects.get(id=payment.id).status == status

        payment = story.hear(payment, "REFUND")

        assert payment.status == status
        said = payment.history.filter(what="The provider says that the refund was done")
        assert said.exists() is not is_done


class TestASetback:
    def test_takes_a_capture_back(self, story: Story) -> None:
        payment = story.begin("stored_card_capture_fails_later")
        payment = story.hear(story.ask(payment, OperationKind.CAPTURE), "CAPTURE")
        assert payment.status == "captured"

        payment = story.hear(payment, "CAPTURE_FAILED")

        assert (payment.status, payment.captured_minor) == ("authorized", 0)
        assert published("payment_capture_failed") == 1

    def test_has_a_refund_tried_again(self, story: Story) -> None:
        payment = story.begin("stored_card_refund_fails_later")
        payment = story.hear(story.ask(payment, OperationKind.CAPTURE), "CAPTURE")
        payment = story.hear(story.call_off(payment), "REFUND")
        assert payment.status == "refunded"

        payment = story.hear(payment, "REFUND_FAILED")

        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert published("payment_refund_failed") == 1
        assert payment.undo_at is not None

    def test_voids_an_authorisation_that_ran_out(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        story.simulator.ask(f"/_expire?psp_reference={payment.authorization}", "POST")

        assert story.hear(payment, "EXPIRE").status == "voided"

    def test_voids_what_somebody_cancelled_at_adyen(self, story: Story) -> None:
        payment = story.begin("stored_card_authorised")
        story.simulator.by_hand(f"/payments/{payment.authorization}/cancels", {}, "by-hand")

        assert story.hear(payment, "CANCELLATION").status == "voided"


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
