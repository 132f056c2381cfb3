"""Adyen's official SDK, a client that knows nothing of us."""

import uuid
from typing import Any

import Adyen

from tests.contract.payments.simulated_adyen import MERCHANT, SimulatedAdyen, item_of

EUROS = {"currency": "EUR", "value": 1000}


def sdk_for(simulator: SimulatedAdyen) -> Any:
    """Give the SDK as its documentation has it, but for the address."""
    made = Adyen.Adyen(xapikey="key_of_a_foreigner", platform="test")
    made.checkout.payments_api.baseUrl = simulator.api_base
    made.checkout.modifications_api.baseUrl = simulator.api_base
    return made.checkout


def pay(client: Any, token: str = "stored_card_authorised", key: str = "", **more: Any) -> Any:
    """Authorise ten euros."""
    wanted = {
        "merchantAccount": MERCHANT,
        "reference": "order-7",
        "amount": EUROS,
        "returnUrl": "http://shop.example/return?order=7",
        "shopperReference": "shopper-1",
        "paymentMethod": {"type": "scheme", "storedPaymentMethodId": token},
        "additionalData": {"manualCapture": "true"},
    }
    made_up = key or uuid.uuid4().hex
    return client.payments_api.payments({**wanted, **more}, idempotency_key=made_up)


def change(client: Any, what: str, psp: str, **more: Any) -> Any:
    """Ask for a capture, cancel, refund or reversal."""
    method = {
        "capture": client.modifications_api.capture_authorised_payment,
        "cancel": client.modifications_api.cancel_authorised_payment_by_psp_reference,
        "refund": client.modifications_api.refund_captured_payment,
        "reversal": client.modifications_api.refund_or_cancel_payment,
    }[what]
    amount = {} if what in ("cancel", "reversal") else {"amount": EUROS}
    wanted = {"merchantAccount": MERCHANT, **amount, **more}
    return method(wanted, psp, idempotency_key=uuid.uuid4().hex).message


def news(simulator: SimulatedAdyen, event: str, count: int = 1) -> dict[str, Any]:
    """Wait for news of a kind, and give the newest."""
    return item_of(simulator.receiver.wait_for(event, count=count)[-1])
