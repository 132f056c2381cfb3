"""Disputes at Stripe, from its webhook to our ledger: real calls over HTTP, real signatures."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.orders.models import Order
from apps.payments.adapters.registry import gateway_named
from apps.payments.models import Dispute, LedgerEntry
from apps.payments.services.handle_messages import handle_messages
from apps.platform.outbox.models import StoredEvent
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.shop import payment_of, place, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatedStripe]:
    """One simulated Stripe, which announces what it does by itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_PROXY", "127.0.0.1")
        environment.setenv("no_proxy", "127.0.0.1")
        simulator = SimulatedStripe().start()
        yield simulator
        simulator.stop()


@pytest.fixture
def stripe(running: SimulatedStripe, settings: Settings) -> Iterator[SimulatedStripe]:
    """The simulated Stripe, to which the platform speaks, with a stocked shop."""
    running.begin_anew()
    settings.STRIPE_API_BASE = running.api_base
    settings.STRIPE_API_KEY = "sk_test_journey"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 9}})
    yield running
    gateway_named.cache_clear()


@pytest.fixture
def order(stripe: SimulatedStripe) -> Order:
    """An order that is paid."""
    order = place(provider="stripe", token="pm_card_visa")
    work_off()
    assert payment_of(order).status == "captured"
    return order


def dispute(stripe: SimulatedStripe, order: Order, **about: str) -> str:
    """Have the charge disputed; gives Stripe's name of that."""
    query = "&".join(f"{name}={value}" for name, value in about.items())
    path = f"/_dispute?payment_intent={payment_of(order).authorization}&{query}"
    return str(stripe.ask(path, "POST")["dispute"])


def hear(stripe: SimulatedStripe, event_type: str) -> None:
    """Bring a message of Stripe's to our door, as it was sent, and do what follows from it."""
    (letter,) = stripe.receiver.wait_for(event_type)
    said = Client().post(
        "/api/v1/webhooks/stripe",
        letter.body,
        content_type="application/json",
        headers={"stripe-signature": letter.headers["stripe-signature"]},
    )
    assert said.status_code == 200, said.content
    handle_messages(now=timezone.now())
    work_off()


def moved() -> list[tuple[str, str]]:
    rows = LedgerEntry.objects.filter(what__startswith="Dispute").order_by("id")
    return list(rows.values_list("from_account", "to_account"))


def published() -> list[str]:
    rows = StoredEvent.objects.filter(type__contains="dispute").order_by("event_id")
    return [row.type for row in rows]


class TestADispute:
    @pytest.mark.parametrize(("status", "to"), [("won", "provider"), ("lost", "customer")])
    def test_is_opened_and_decided(
        self, stripe: SimulatedStripe, order: Order, status: str, to: str
    ) -> None:
        name = dispute(stripe, order, reason="product_not_received")
        hear(stripe, "charge.dispute.created")

        payment = payment_of(order)
        found = Dispute.objects.get()
        assert (found.reference, found.state, found.reason) == (
            name,
            "opened",
            "product_not_received",
        )
        assert (found.payment_id, found.amount_minor) == (payment.id, payment.amount_minor)
        assert payment.history.latest("position").what == "Dispute opened (product_not_received)"

        stripe.ask(f"/_dispute?dispute={name}&status={status}", "POST")
        hear(stripe, "charge.dispute.closed")

        payment = payment_of(order)
        assert Dispute.objects.get().state == status
        assert moved() == [("provider", "disputed"), ("disputed", to)]
        assert published() == ["payments.payment_disputed", "payments.payment_dispute_closed"]
        what = f"Dispute {status} (product_not_received)"
        assert payment.history.latest("position").what == what
        assert payment.status == "captured"
        assert any("disputed" in one.what for one in Order.objects.get().history.all())

    def test_that_is_only_an_inquiry_moves_nothing(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(stripe, order, status="warning_needs_response")
        hear(stripe, "charge.dispute.created")

        assert not Dispute.objects.exists()
        assert moved() == []
