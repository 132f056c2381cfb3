"""A report that was announced and never comes, from the late comparison to the person who gives it up."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from apps.payments.adapters.registry import gateway_named
from apps.payments.models import ProviderMessageRecord, Reconciliation
from apps.payments.services.give_up_message import give_up_message
from apps.payments.services.reconcile_due import reconcile_due
from apps.platform.audit.models import AuditEntry
from apps.platform.database_clock import database_now
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen
from tests.integration.admin.conftest import Enter

pytestmark = pytest.mark.django_db(transaction=True)
GONE = "settlement_detail_report_gone.csv"
LIST = "/admin/payments/providermessagerecord/"


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatedAdyen]:
    simulator = SimulatedAdyen()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def adyen(running: SimulatedAdyen, settings: Settings) -> Iterator[SimulatedAdyen]:
    """The simulated Adyen, the only provider in use."""
    running.begin_anew()
    settings.OMS_GATEWAYS = ["adyen"]
    settings.ADYEN_API_BASE = running.api_base
    settings.ADYEN_API_KEY = "key_of_reports"
    settings.ADYEN_MERCHANT_ACCOUNT = MERCHANT
    settings.ADYEN_HMAC_KEY = KEY
    settings.ADYEN_WEBHOOK_USER = settings.ADYEN_WEBHOOK_PASSWORD = ""
    settings.ADYEN_REPORT_BASE = f"{running.base}/reports/"
    gateway_named.cache_clear()
    yield running
    gateway_named.cache_clear()


def announce(adyen: SimulatedAdyen, client: Client) -> ProviderMessageRecord:
    """Have today's report announced to the platform."""
    adyen.ask(f"/_report?merchant={MERCHANT}", "POST")
    (letter, *_) = adyen.receiver.wait_for("REPORT_AVAILABLE")
    answer = client.post(
        "/api/v1/webhooks/adyen", letter.body, "application/json", headers=letter.headers
    )
    assert answer.status_code < 300
    return ProviderMessageRecord.objects.get(event_id__startswith="settlement_detail_report_2")


def lose(message: ProviderMessageRecord) -> ProviderMessageRecord:
    """Have another report announced, which is not there."""
    folder = str(message.facts["reason"]).rpartition("/")[0]
    return ProviderMessageRecord.objects.create(
        provider="adyen",
        event_id=f"{GONE}:REPORT_AVAILABLE:true",
        kind="REPORT_AVAILABLE",
        facts={**message.facts, "pspReference": GONE, "reason": f"{folder}/{GONE}"},
        received_at=message.received_at,
        next_at=message.received_at,
        handled_at=message.received_at,
    )


def page_of(message: ProviderMessageRecord, name: str = "give_up") -> str:
    return f"{LIST}{message.id}/{name}/"


def read_until() -> datetime | None:
    return Reconciliation.objects.get(provider="adyen").read_until


@pytest.fixture
def lost(adyen: SimulatedAdyen, client: Client) -> ProviderMessageRecord:
    """The message of a report that is gone, beside one of a report that is there."""
    return lose(announce(adyen, client))


class TestAReportThatIsGone:
    def test_keeps_the_comparison_late_and_is_named(self, lost: ProviderMessageRecord) -> None:
        assert reconcile_due(now=database_now()) == []
        row = Reconciliation.objects.get(provider="adyen")
        assert row.read_until is None
        assert row.problem == f"{GONE}: Adyen does not give the report: HTTP 404."

    def test_is_not_asked_for_once_it_was_given_up(
        self, lost: ProviderMessageRecord, adyen: SimulatedAdyen, enter: Enter
    ) -> None:
        now = database_now()
        assert reconcile_due(now=now) == []
        client = enter("finance")
        assert "missing, until" in client.get(page_of(lost)).content.decode()

        client.post(page_of(lost), {"reason": "Adyen's desk: never made, case 12"})

        assert reconcile_due(now=now + timedelta(hours=1)) == ["adyen"]
        assert read_until() == now + timedelta(hours=1)
        entry = AuditEntry.objects.get(action="payments.give_up_message")
        assert (entry.reason, entry.changes, entry.subject_id) == (
            "Adyen's desk: never made, case 12",
            {"message": ["", lost.event_id]},
            str(lost.id),
        )
        assert "given up" in client.get(page_of(lost, "change")).content.decode()

    def test_is_said_to_be_given_up_where_there_is_no_other(
        self, lost: ProviderMessageRecord
    ) -> None:
        now = database_now()
        for message in ProviderMessageRecord.objects.all():
            assert give_up_message(message_id=message.id, now=now)
        assert reconcile_due(now=now) == []
        row = Reconciliation.objects.get(provider="adyen")
        assert row.problem.startswith("Every report that Adyen has announced was given up")

    def test_is_found_among_all_messages(self, lost: ProviderMessageRecord, enter: Enter) -> None:
        now = database_now()
        ProviderMessageRecord.objects.create(
            provider="stripe", event_id="evt_other", kind="x", received_at=now, next_at=now
        )
        shown = enter("finance").get(f"{LIST}?about=reports").content.decode()
        assert GONE in shown
        assert "evt_other" not in shown


class TestGivingUp:
    def test_again_changes_nothing(self, lost: ProviderMessageRecord, enter: Enter) -> None:
        client = enter("finance")
        client.post(page_of(lost), {"reason": "first"})
        answer = client.post(page_of(lost), {"reason": "second"}, follow=True)
        assert b"There is nothing to give up." in answer.content
        assert AuditEntry.objects.filter(action="payments.give_up_message").count() == 1

    def test_is_not_offered_of_a_message_that_is_in_order(
        self, lost: ProviderMessageRecord, enter: Enter
    ) -> None:
        now = database_now()
        other = ProviderMessageRecord.objects.create(
            provider="adyen",
            event_id="evt_1",
            kind="CAPTURE",
            reference="psp_1",
            facts={"event": "CAPTURE"},
            received_at=now,
            next_at=now,
        )
        client = enter("finance")
        assert "Give it up" in client.get(page_of(lost, "change")).content.decode()
        assert "Give it up" not in client.get(page_of(other, "change")).content.decode()
        client.post(page_of(other), {"reason": "no"})
        other.refresh_from_db()
        assert other.given_up_at is None

    @pytest.mark.parametrize("reason", ["", "card 4242 4242 4242 4242"])
    def test_wants_a_reason_fit_to_be_kept(
        self, lost: ProviderMessageRecord, enter: Enter, reason: str
    ) -> None:
        enter("finance").post(page_of(lost), {"reason": reason})
        lost.refresh_from_db()
        assert lost.given_up_at is None

    @pytest.mark.parametrize("role", ["agent", "lead", "operations", "auditor"])
    def test_is_for_finance_alone(
        self, lost: ProviderMessageRecord, enter: Enter, role: str
    ) -> None:
        assert enter(role).post(page_of(lost), {"reason": "no"}).status_code == 403
        lost.refresh_from_db()
        assert lost.given_up_at is None
