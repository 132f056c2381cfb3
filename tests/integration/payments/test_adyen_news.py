"""What Adyen tells, or never tells, of payments that it has taken in: renewals, setbacks, reports."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.services.close_call import close_call
from apps.payments.services.reconcile_due import reconcile_due
from apps.payments.services.reconcile_payments import reconcile_payments
from apps.platform.database_clock import database_now
from tests.conftest import make_cause
from tests.integration.payments.adyen_story import Story, published
from tests.integration.payments.reconciled_shop import run

pytestmark = pytest.mark.django_db(transaction=True)


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
