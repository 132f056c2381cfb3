"""The four requests that change something at Stripe. There is none to renew an authorisation."""

from typing import assert_never

from apps.payments.adapters.stripe.failures import CardDeclined
from apps.payments.adapters.stripe.objects import Intent, Refund
from apps.payments.adapters.stripe.outcomes import intent_outcome, refund_outcome
from apps.payments.adapters.stripe.requests import StripeRequests, intent_path
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayCall, GatewayMisused, Outcome, Undecided

WITH_CHARGE = ["latest_charge"]
"""Have the charge come along, for the card's brand and last digits."""


class StripeCalls:
    """Makes calls, each with the idempotency key it is given."""

    def __init__(self, requests: StripeRequests) -> None:
        """Send these requests."""
        self._requests = requests

    def make(self, call: GatewayCall, amount: int, *, key: str) -> Outcome:
        """Make the call once; `amount` is in Stripe's units.

        Raises:
            InternalError, NotPossible, KeyUsed: see `stripe_failures`.
            GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the port.
        """
        if call.kind is not OperationKind.AUTHORIZE and not call.authorization:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        try:
            if call.kind is OperationKind.REFUND:
                return refund_outcome(self._refund(call, amount, key))
            intent = self._change_intent(call, amount, key)
        except CardDeclined as refusal:
            return refusal.answer
        outcome = intent_outcome(call, intent, amount)
        if outcome is None:
            # Accepted, and yet no trace of it: only Stripe's books can tell.
            raise Undecided(f"stripe_{intent.status}")
        return outcome

    def _change_intent(self, call: GatewayCall, amount: int, key: str) -> Intent:
        match call.kind:
            case OperationKind.AUTHORIZE:
                return self._authorize(call, amount, key)
            case OperationKind.CAPTURE:
                action, params = "capture", {"amount_to_capture": amount}
            case OperationKind.VOID:
                action, params = "cancel", {}
            case OperationKind.REFUND:
                raise ValueError("a refund does not change the intent")
            case OperationKind.RENEW:
                raise ValueError("Stripe renews nothing")
            case _:
                assert_never(call.kind)
        path = intent_path(call.authorization, action)
        return self._requests.post(path, params, key=key, answer=Intent)

    def _authorize(self, call: GatewayCall, amount: int, key: str) -> Intent:
        return self._requests.post(
            "/v1/payment_intents",
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
            key=key,
            answer=Intent,
        )

    def _refund(self, call: GatewayCall, amount: int, key: str) -> Refund:
        return self._requests.post(
            "/v1/refunds",
            {
                "payment_intent": call.authorization,
                "amount": amount,
                "metadata": {
                    "payment_id": str(call.payment_id),
                    "order_id": str(call.order_id),
                    "operation_id": str(call.operation_id),
                },
            },
            key=key,
            answer=Refund,
        )
