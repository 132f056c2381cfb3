"""Chargebacks at Adyen, from its webhooks to our ledger and the order: real calls over HTTP, real signatures."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import Dispute, LedgerEntry, PaymentOperation, ProviderMessageRecord
from apps.payments.services.handle_messages import handle_messages
from tests.contract.payments.simulated_adyen import (
    APPROVED,
    SimulatedAdyen,
)
from tests.integration.payments.disputed_shop import broken
from tests.integration.shop import call_off, payment_of, place, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)

DOOR = "/api/v1/webhooks/adyen"


@pytest.fixture
def order(adyen: SimulatedAdyen) -> Order:
    """An order that is paid, and charged back before anybody has told us."""
    order = place(provider="adyen", token=APPROVED)
    work_off()
    hear(adyen, "CAPTURE")
    payment = payment_of(order)
    assert payment.status == "captured"
    adyen.ask(f"/_dispute?psp_reference={payment.authorization}", "POST")
    return order


def hear(adyen: SimulatedAdyen, *events: str) -> None:
    """Bring the newest messages of these kinds to our door, as they were sent, one after the other."""
    for event in events:
        letter = adyen.receiver.wait_for(event)[-1]
        headers = {"authorization": letter.headers["authorization"]}
        said = Client().post(DOOR, letter.body, content_type="application/json", headers=headers)
        assert said.status_code < 300, said.content
        handle_messages(now=timezone.now())
        work_off()


def decide(adyen: SimulatedAdyen, status: str) -> None:
    """Have the dispute decided; we have not heard of it yet."""
    adyen.ask(f"/_dispute?dispute={Dispute.objects.get().reference}&status={status}", "POST")


def moved() -> list[tuple[str, str]]:
    rows = LedgerEntry.objects.filter(what__startswith="Dispute").order_by("id")
    return list(rows.values_list("from_account", "to_account"))


class TestAChargeback:
    def test_is_because_of_what_adyen_told(self, adyen: SimulatedAdyen, order: Order) -> None:
        hear(adyen, "CHARGEBACK")
        message = ProviderMessageRecord.objects.get(kind="CHARGEBACK")
        step = payment_of(order).history.latest("position")
        assert (step.what, step.causation_id) == ("Dispute opened (Fraud)", f"message:{message.id}")

    def test_is_opened_once_by_both_its_messages(self, adyen: SimulatedAdyen, order: Order) -> None:
        hear(adyen, "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK")
        payment, found = payment_of(order), Dispute.objects.get()
        assert (found.state, found.reason, found.payment_id) == ("opened", "Fraud", payment.id)
        assert payment.disputed_minor == payment.captured_minor == found.amount_minor
        assert moved() == [("provider", "disputed")]
        assert list(adyen.payment(payment.id)["disputes"]) == [found.reference]

    @pytest.mark.parametrize(
        ("status", "events", "came"),
        [
            ("won", ["CHARGEBACK_REVERSED"], [("disputed", "provider")]),
            (
                "lost",
                ["CHARGEBACK_REVERSED", "SECOND_CHARGEBACK"],
                [("disputed", "provider"), ("provider", "customer")],
            ),
            ("lost", ["SECOND_CHARGEBACK", "CHARGEBACK_REVERSED"], [("disputed", "customer")]),
        ],
    )
    def test_is_decided_in_whatever_order_we_hear_of_it(
        self,
        adyen: SimulatedAdyen,
        order: Order,
        status: str,
        events: list[str],
        came: list[tuple[str, str]],
    ) -> None:
        hear(adyen, "CHARGEBACK")
        decide(adyen, status)
        hear(adyen, *events)
        payment = payment_of(order)
        assert Dispute.objects.get().state == status
        assert moved() == [("provider", "disputed"), *came]
        lost = payment.captured_minor if status == "lost" else 0
        assert (payment.disputed_minor, payment.lost_minor) == (0, lost)
        assert broken() == []


class TestACancellation:
    def test_gets_its_money_back_once_it_is_won(self, adyen: SimulatedAdyen, order: Order) -> None:
        hear(adyen, "CHARGEBACK")
        call_off(order)
        assert settled(order).status == "cancellation_pending"
        decide(adyen, "won")
        hear(adyen, "CHARGEBACK_REVERSED", "REFUND")
        payment = payment_of(order)
        assert settled(order).status == "cancelled"
        assert adyen.payment(payment.id)["refunded"] == payment.captured_minor
        assert broken() == []

    def test_gives_nothing_back_where_the_bank_insists_before_we_know(
        self, adyen: SimulatedAdyen, order: Order
    ) -> None:
        hear(adyen, "CHARGEBACK")
        call_off(order)
        work_off()
        decide(adyen, "lost")
        # The first of the two sounds as if it was won, so the money is asked for, and Adyen refuses.
        hear(adyen, "CHARGEBACK_REVERSED", "REFUND")
        assert PaymentOperation.objects.get(kind="refund").state == "declined"
        hear(adyen, "SECOND_CHARGEBACK")
        found = settled(order)
        assert (found.status, found.payment_status) == ("cancelled", "charged_back")
        assert adyen.payment(payment_of(order).id)["refunded"] == 0
        assert broken() == []

    def test_that_comes_before_we_hear_of_it_is_refused_there(
        self, adyen: SimulatedAdyen, order: Order
    ) -> None:
        call_off(order)
        work_off()
        hear(adyen, "REFUND")
        assert PaymentOperation.objects.get(kind="refund").state == "declined"
        hear(adyen, "CHARGEBACK")
        decide(adyen, "lost")
        hear(adyen, "SECOND_CHARGEBACK")
        assert settled(order).payment_status == "charged_back"
        assert adyen.payment(payment_of(order).id)["refunded"] == 0
        assert broken() == []
