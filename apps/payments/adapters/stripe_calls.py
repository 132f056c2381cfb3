"""The four requests that change something at Stripe."""

from typing import assert_never

import stripe

from apps.payments.adapters.stripe_failures import CardDeclined, writing
from apps.payments.adapters.stripe_outcomes import intent_outcome, refund_outcome
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayCall, GatewayMisused, Outcome, OutcomeUnknown

WITH_CHARGE = ["latest_charge"]
"""Have the charge come along, for the card's brand and last digits."""


class StripeCalls:
    """Makes calls, each with the idempotency key it is given."""

    def __init__(self, client: stripe.StripeClient) -> None:
        """Speak through the SDK's client."""
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    def make(self, call: GatewayCall, amount: int, *, key: str) -> Outcome:
        """Make the call once; `amount` is in Stripe's units.

        Raises:
            InternalError, NotPossible: see `stripe_failures`.
            GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the port.
        """
        if call.kind is not OperationKind.AUTHORIZE and not call.authorization:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        try:
            with writing():
                return self._send(call, amount, {"idempotency_key": key})
        except CardDeclined as refusal:
            return refusal.answer

    def _send(self, call: GatewayCall, amount: int, options: stripe.RequestOptions) -> Outcome:
        match call.kind:
            case OperationKind.AUTHORIZE:
                intent = self._authorize(call, amount, options)
            case OperationKind.CAPTURE:
                intent = self._intents.capture(
                    call.authorization,
                    {"amount_to_capture": amount, "expand": WITH_CHARGE},
                    options,
                )
            case OperationKind.VOID:
                intent = self._intents.cancel(call.authorization, {}, options)
            case OperationKind.REFUND:
                return refund_outcome(self._refund(call, amount, options))
            case _:
                assert_never(call.kind)
        outcome = intent_outcome(call.kind, intent, amount)
        if outcome is None:
            # Accepted, and yet no trace of it: only Stripe's books can tell.
            raise OutcomeUnknown(f"stripe_{intent.status}")
        return outcome

    def _authorize(
        self, call: GatewayCall, amount: int, options: stripe.RequestOptions
    ) -> stripe.PaymentIntent:
        return self._intents.create(
            {
                "amount": amount,
                "currency": call.amount.currency.lower(),
                "capture_method": "manual",
                "confirm": True,
                "payment_method": call.method_token,
                "automatic_payment_methods": {"enabled": True},
                "return_url": call.return_url,
                "metadata": {
                    "payment_id": str(call.payment_id),
                    "order_id": str(call.order_id),
                },
                "expand": WITH_CHARGE,
            },
            options,
        )

    def _refund(
        self, call: GatewayCall, amount: int, options: stripe.RequestOptions
    ) -> stripe.Refund:
        return self._refunds.create(
            {
                "payment_intent": call.authorization,
                "amount": amount,
                "metadata": {
                    "payment_id": str(call.payment_id),
                    "order_id": str(call.order_id),
                    "operation_id": str(call.operation_id),
                },
            },
            options,
        )
