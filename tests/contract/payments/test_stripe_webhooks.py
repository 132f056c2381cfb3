"""What the simulated Stripe tells of its own accord."""

from datetime import UTC, datetime

import pytest
import stripe

from apps.payments.adapters.stripe.gateway import StripeGateway
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.contract.payments.stripe_sdk import pay, sdk_for
from tests.contract.provider_contracts import skip_without_contracts

KINDS = {
    "charge.captured",
    "charge.refunded",
    "charge.succeeded",
    "payment_intent.amount_capturable_updated",
    "payment_intent.created",
    "payment_intent.succeeded",
    "refund.created",
}
"""What is told of a payment that is authorised, charged and given back."""


@pytest.fixture
def client(stripe_simulator: SimulatedStripe) -> stripe.StripeClient:
    return sdk_for(stripe_simulator)


class TestWebhooks:
    def test_are_signed_so_that_the_sdk_takes_them(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        intent = pay(client)

        (letter,) = stripe_simulator.receiver.wait_for("payment_intent.amount_capturable_updated")

        event = stripe.Webhook.construct_event(
            letter.body, letter.headers["stripe-signature"], SECRET
        )
        assert event.data.object.id == intent.id
        assert event.api_version == "2026-10-28.endive"
        assert client.v1.events.retrieve(event.id).type == event.type

    def test_say_which_payment_they_are_about(
        self,
        client: stripe.StripeClient,
        stripe_simulator: SimulatedStripe,
        stripe_gateway: StripeGateway,
    ) -> None:
        payment_id = "0193a8a0-0000-7000-8000-000000000001"
        intent = pay(client, metadata={"payment_id": payment_id})
        client.v1.payment_intents.capture(intent.id)
        client.v1.refunds.create({"payment_intent": intent.id})
        # They are sent side by side: the last one to happen need not be the last one to arrive.
        for kind in KINDS:
            stripe_simulator.receiver.wait_for(kind)

        letters = list(stripe_simulator.receiver.letters)

        assert sorted(letter.event["type"] for letter in letters) == sorted(KINDS)
        for letter in letters:
            (message,) = stripe_gateway.read_messages(
                letter.body, letter.headers, datetime.now(UTC)
            )
            assert message.reference == intent.id
            assert str(message.payment_id or payment_id) == payment_id

    def test_are_objects_as_stripe_describes_them(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        skip_without_contracts()
        from tests.contract.payments.stripe_contract import resource_violations

        with pytest.raises(stripe.CardError):
            pay(client, "pm_card_visa_chargeDeclined")
        intent = pay(client)
        client.v1.payment_intents.cancel(intent.id)
        stripe_simulator.receiver.wait_for("payment_intent.canceled")

        captured = client.v1.payment_intents.capture(pay(client).id)
        dispute = stripe_simulator.ask(f"/_dispute?payment_intent={captured.id}", "POST")
        client.v1.charges.retrieve(str(captured.latest_charge))
        stripe_simulator.ask(f"/_dispute?dispute={dispute['dispute']}&status=won", "POST")
        stripe_simulator.receiver.wait_for("charge.dispute.closed")

        for letter in stripe_simulator.receiver.letters:
            assert resource_violations(letter.event) == []

    def test_come_again_until_they_are_taken(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        answers = iter([500, 404])
        stripe_simulator.receiver.answers = lambda letter: (
            next(answers, 200) if letter.event["type"] == "payment_intent.canceled" else 200
        )
        client.v1.payment_intents.cancel(pay(client).id)

        letters = stripe_simulator.receiver.wait_for("payment_intent.canceled", count=3)

        assert len({letter.event["id"] for letter in letters}) == 1

    def test_come_more_than_once_and_out_of_order_on_demand(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        with stripe_simulator.faults(webhook_duplicates=2, webhook_reorder_ms=2500, seed=3):
            for _ in range(5):
                client.v1.payment_intents.cancel(pay(client).id)
            letters = stripe_simulator.receiver.wait_for("payment_intent.canceled", count=15)

        arrived = [letter.event["id"] for letter in letters]
        happened = [
            event.id
            for event in client.v1.events.list({"type": "payment_intent.canceled"}).data[::-1]
        ]
        assert {arrived.count(name) for name in happened} == {3}
        assert arrived != sorted(arrived, key=happened.index)
