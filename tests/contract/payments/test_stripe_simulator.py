"""The simulated Stripe as its official SDK sees it, a client that knows nothing of us."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError

import pytest
import stripe

from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.payments.stripe_sdk import pay, sdk_for
from tests.waiting import wait_until


@pytest.fixture
def client(stripe_simulator: SimulatedStripe) -> stripe.StripeClient:
    return sdk_for(stripe_simulator)


class TestPaymentIntents:
    def test_are_authorised_captured_and_refunded(self, client: stripe.StripeClient) -> None:
        intent = pay(client)
        assert (intent.status, intent.amount_capturable) == ("requires_capture", 1000)

        intent = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600})
        assert (intent.status, intent.amount_received, intent.amount_capturable) == (
            "succeeded",
            600,
            0,
        )
        refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
        rest = client.v1.refunds.create({"charge": str(intent.latest_charge)})

        assert (refund.status, refund.amount, rest.amount) == ("succeeded", 100, 500)
        assert client.v1.refunds.retrieve(refund.id).id == refund.id
        charge = client.v1.charges.retrieve(str(intent.latest_charge))
        assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (600, 600, True)
        listed = client.v1.refunds.list({"payment_intent": intent.id})
        assert [one.id for one in listed.data] == [rest.id, refund.id]

    def test_without_manual_capture_take_the_money_at_once(
        self, client: stripe.StripeClient
    ) -> None:
        intent = pay(client, capture_method="automatic")

        assert (intent.status, intent.amount_received) == ("succeeded", 1000)

    def test_can_be_made_first_and_confirmed_later(self, client: stripe.StripeClient) -> None:
        intent = client.v1.payment_intents.create(
            {"amount": 1000, "currency": "eur", "capture_method": "manual"}
        )
        assert intent.status == "requires_payment_method"

        intent = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

        assert intent.status == "requires_capture"

    def test_that_were_declined_may_be_tried_with_another_card(
        self, client: stripe.StripeClient
    ) -> None:
        with pytest.raises(stripe.CardError) as declined:
            pay(client, "pm_card_visa_chargeDeclinedInsufficientFunds")
        assert declined.value.code == "card_declined"
        assert declined.value.error is not None
        assert declined.value.error.decline_code == "insufficient_funds"
        assert declined.value.error.payment_intent is not None

        intent = client.v1.payment_intents.confirm(
            declined.value.error.payment_intent.id,
            {"payment_method": "pm_card_visa", "return_url": "http://shop.example/return"},
        )

        assert (intent.status, intent.last_payment_error) == ("requires_capture", None)

    def test_are_cancelled_while_no_money_was_taken(self, client: stripe.StripeClient) -> None:
        intent = pay(client)

        canceled = client.v1.payment_intents.cancel(
            intent.id, {"cancellation_reason": "requested_by_customer"}
        )

        assert canceled.status == "canceled"
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.capture(intent.id)
        assert refusal.value.code == "payment_intent_unexpected_state"

    def test_name_the_card(self, client: stripe.StripeClient) -> None:
        intent = pay(client, "pm_card_mastercard", expand=["latest_charge"])

        charge = intent.latest_charge
        assert isinstance(charge, stripe.Charge)
        assert charge.payment_method_details is not None
        assert charge.payment_method_details.card is not None
        assert charge.payment_method_details.card.brand == "mastercard"
        assert charge.payment_method_details.card.last4 == "4444"

    def test_are_listed_in_pages_the_newest_first(self, client: stripe.StripeClient) -> None:
        made = [pay(client).id for _ in range(5)]

        first = client.v1.payment_intents.list({"limit": 2})
        rest = client.v1.payment_intents.list({"limit": 3, "starting_after": first.data[-1].id})

        assert [one.id for one in (*first.data, *rest.data)] == made[::-1]
        assert (first.has_more, rest.has_more) == (True, False)
        future = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        assert client.v1.payment_intents.list({"created": {"gte": future}}).data == []

    def test_that_nobody_knows_are_not_found(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.retrieve("pi_unknown")
        assert (refusal.value.code, refusal.value.http_status) == ("resource_missing", 404)


class TestApprovalByTheHolder:
    def test_leads_over_a_page_back_to_the_shop(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        intent = pay(
            client,
            "pm_card_threeDSecure2Required",
            automatic_payment_methods={"enabled": True},
            return_url="http://shop.example/return?order=7",
        )
        assert intent.status == "requires_action"
        action = intent.next_action.redirect_to_url
        assert action.return_url == "http://shop.example/return?order=7"
        assert action.url == f"{stripe_simulator.api_base}/3ds/{intent.id}"

        stripe_simulator.decide(intent.id, "approve")

        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"

    def test_without_a_page_to_return_to_is_refused(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            pay(client, automatic_payment_methods={"enabled": True})
        assert refusal.value.param == "return_url"


class TestIdempotencyKeys:
    def create(self, client: stripe.StripeClient, key: str, amount: int = 1000) -> Any:
        return client.v1.payment_intents.create(
            {"amount": amount, "currency": "eur"}, {"idempotency_key": key}
        )

    def test_give_the_first_answer_again(self, client: stripe.StripeClient) -> None:
        first = self.create(client, "k1")
        client.v1.payment_intents.cancel(first.id)

        again = self.create(client, "k1")

        assert (again.id, again.status) == (first.id, "requires_payment_method")
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.last_response.headers

    def test_give_the_first_decline_again(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                client.v1.payment_intents.create(
                    {
                        "amount": 1000,
                        "currency": "eur",
                        "confirm": True,
                        "payment_method": "pm_card_visa_chargeDeclined",
                        "metadata": {"payment_id": "p"},
                    },
                    {"idempotency_key": "k2"},
                )
        assert len(stripe_simulator.payment("p")["intents"]) == 1

    def test_refuse_other_parameters(self, client: stripe.StripeClient) -> None:
        self.create(client, "k3")
        with pytest.raises(stripe.IdempotencyError):
            self.create(client, "k3", amount=1001)

    def test_refuse_a_second_request_while_the_first_is_under_way(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        with stripe_simulator.faults(latency_ms=HELD_MS):
            first = threading.Thread(target=self.create, args=(client, "k4"))
            first.start()
            wait_until(lambda: len(stripe_simulator.ask("/_calls")["by_second"]) > 0)
            with pytest.raises(stripe.APIError) as refusal:
                self.create(client, "k4")
        first.join()
        assert refusal.value.http_status == 409
        assert stripe_simulator.ask("/_calls")["most_at_once"] == 2
        assert self.create(client, "k4").status == "requires_payment_method"

    def test_store_nothing_of_a_request_that_is_wrong(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.create(
                {"amount": 1000, "currency": "eur", "amuont": 1},  # type: ignore[typeddict-unknown-key]  # on purpose
                {"idempotency_key": "k5"},
            )
        assert refusal.value.code == "parameter_unknown"
        stripe_simulator.forgive_requests()

        assert self.create(client, "k5").status == "requires_payment_method"

    def test_repeat_an_internal_error(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        with stripe_simulator.faults(error_rate=1), pytest.raises(stripe.APIError):
            self.create(client, "k6")

        with pytest.raises(stripe.APIError) as repeated:
            self.create(client, "k6")

        assert repeated.value.http_status == 500
        assert repeated.value.headers is not None
        assert repeated.value.headers["Idempotent-Replayed"] == "true"


class TestDisputes:
    def test_are_opened_and_decided(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        intent = client.v1.payment_intents.capture(pay(client).id)
        opened = stripe_simulator.ask(
            f"/_dispute?payment_intent={intent.id}&reason=product_not_received", "POST"
        )

        dispute = client.v1.disputes.retrieve(opened["dispute"])
        charge = client.v1.charges.retrieve(str(intent.latest_charge))
        assert (dispute.status, dispute.amount, dispute.reason, dispute.payment_intent) == (
            "needs_response",
            1000,
            "product_not_received",
            intent.id,
        )
        assert (dispute.charge, charge.disputed) == (charge.id, True)

        stripe_simulator.ask(f"/_dispute?dispute={dispute.id}&status=lost", "POST")
        assert client.v1.disputes.retrieve(dispute.id).status == "lost"

    def test_need_a_charge_and_are_decided_once(
        self, client: stripe.StripeClient, stripe_simulator: SimulatedStripe
    ) -> None:
        held = pay(client)
        taken = client.v1.payment_intents.capture(pay(client).id)
        name = stripe_simulator.ask(f"/_dispute?payment_intent={taken.id}", "POST")["dispute"]
        stripe_simulator.ask(f"/_dispute?dispute={name}&status=won", "POST")
        for query in (
            f"payment_intent={held.id}",
            f"payment_intent={taken.id}&status=lost",
            f"dispute={name}&status=lost",
            "dispute=du_unknown",
        ):
            with pytest.raises(HTTPError):
                stripe_simulator.ask(f"/_dispute?{query}", "POST")
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.disputes.retrieve("du_unknown")


class TestFaults:
    def test_that_are_unknown_are_refused(self, stripe_simulator: SimulatedStripe) -> None:
        with pytest.raises(OSError, match="400"):
            stripe_simulator.ask("/_faults", "POST", {"no_such_fault": 1})

    def test_add_up_until_they_are_ended(self, stripe_simulator: SimulatedStripe) -> None:
        stripe_simulator.ask("/_faults", "POST", {"latency_ms": 1})
        stripe_simulator.ask("/_faults", "POST", {"webhook_duplicates": 2})
        present = stripe_simulator.ask("/_faults")
        assert (present["latency_ms"], present["webhook_duplicates"]) == (1, 2)

        stripe_simulator.ask("/_faults", "DELETE")

        assert stripe_simulator.ask("/_faults")["latency_ms"] == 0
