"""Disputes at Stripe, from its webhook to our ledger: real calls over HTTP, real signatures."""

import pytest

from apps.orders.models import Order
from apps.payments.models import Dispute, LedgerEntry
from apps.platform.outbox.models import StoredEvent
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.stripe_messages import hear
from tests.integration.shop import payment_of, place, work_off

pytestmark = pytest.mark.django_db(transaction=True)


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
