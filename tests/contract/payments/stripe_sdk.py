"""Stripe's official SDK, a client that knows nothing of us."""

from typing import Any

import stripe

from tests.contract.payments.simulated_stripe import SimulatedStripe


def sdk_for(simulator: SimulatedStripe) -> stripe.StripeClient:
    """Give the SDK as its documentation has it, but for the address."""
    return stripe.StripeClient(
        "sk_test_foreign",
        base_addresses={"api": simulator.api_base},
        max_network_retries=0,
    )


def pay(client: stripe.StripeClient, token: str = "pm_card_visa", **more: Any) -> Any:
    """Authorise ten euros."""
    wanted: dict[str, Any] = {
        "amount": 1000,
        "currency": "eur",
        "capture_method": "manual",
        "confirm": True,
        "payment_method": token,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    return client.v1.payment_intents.create({**wanted, **more})  # type: ignore[typeddict-item]  # built from parts
