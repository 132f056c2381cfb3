"""Find at PayPal what became of a call whose answer we do not have.

PayPal has no lists to search: it shows a thing by its name only. What belongs to an authorisation or a
capture is shown by the order that it came from.
"""

from datetime import datetime
from typing import assert_never

from apps.payments.adapters.paypal.documents import invoice_of_payment, invoice_of_refund
from apps.payments.adapters.paypal.failures import NotPossible, insisting
from apps.payments.adapters.paypal.objects import Authorization, Capture, Order, Refund
from apps.payments.adapters.paypal.outcomes import (
    CAPTURED,
    captured,
    charged,
    not_charged,
    refunded,
    renewed,
    voided,
)
from apps.payments.adapters.paypal.requests import (
    AUTHORIZATIONS,
    CAPTURES,
    ORDERS,
    REFUNDS,
    PayPalRequests,
    path_of,
)
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Accepted, Done, GatewayCall, GatewayMisused, Outcome, Undecided


class PayPalBooks:
    """Reads; changes nothing."""

    def __init__(self, requests: PayPalRequests) -> None:
        """Send these requests."""
        self._requests = requests

    def outcome_of(self, call: GatewayCall, value: str, now: datetime) -> Outcome | None:
        """Tell how what follows an authorisation ended, or None when it was not carried out.

        Raises:
            Undecided: PayPal's books do not lead to it.
            GatewayUnavailable: PayPal does not answer.
            GatewayMisused: PayPal knows no such payment, or somebody else did something else with it.
        """
        match call.kind:
            case OperationKind.CAPTURE:
                return self._captured(call, value)
            case OperationKind.VOID:
                return self._voided(call)
            case OperationKind.REFUND:
                return self._refunded(call)
            case OperationKind.RENEW:
                return self._renewed(call, now)
            case OperationKind.AUTHORIZE:
                raise ValueError("an authorisation is told by its order")
        assert_never(call.kind)

    def order(self, name: str) -> Order:
        """Show an order.

        Raises:
            NotPossible: there is none of that name, or not any more.
        """
        return self._requests.get(path_of(ORDERS, name), answer=Order)

    def refund_by_hand(self, call: GatewayCall, value: str) -> Outcome | None:
        """Find the one refund of this amount that somebody made without us, at PayPal's own desk.

        Only to be asked when PayPal has nothing left to refund: then it is what was wanted.
        """
        found = [
            refund
            for refund in self._refunds_of(call)
            if refund.invoice_id in ("", invoice_of_payment(call))
            and refund.amount is not None
            and refund.amount.equals(value, call.amount.currency)
            and not refund.has_failed
        ]
        return refunded(found[0]) if len(found) == 1 else None

    def _captured(self, call: GatewayCall, value: str) -> Outcome | None:
        with insisting():
            if call.reference:
                capture = self._requests.get(path_of(CAPTURES, call.reference), answer=Capture)
                if capture.amount is None or capture.amount.equals(value, call.amount.currency):
                    return captured(call, capture)
            # Of another amount it is not ours, and may not be the only one.
            authorization = self._authorization(call.authorization)
            gone = not_charged(authorization)
            if gone is not None:
                return gone
            if authorization.status not in CAPTURED:
                return None
            order = self._order_behind(authorization)
        taken = [one for one in order.captures if not one.has_failed]
        for capture in reversed(taken):
            if capture.amount is not None and capture.amount.equals(value, call.amount.currency):
                return captured(call, capture)
        if not taken:
            raise Undecided("paypal_capture_not_shown")
        if len(taken) == 1:
            return captured(call, taken[0])
        # What they come to is seen once none of them is under review any more.
        is_decided = all(one.status != "PENDING" for one in taken)
        return charged(call, taken) if is_decided else Accepted(reference=call.reference)

    def _voided(self, call: GatewayCall) -> Outcome | None:
        try:
            return voided(self._authorization(call.authorization))
        except NotPossible as refusal:
            if not refusal.names_nothing_known:
                raise GatewayMisused(str(refusal)) from refusal
        # It has not become an authorisation yet: what we know of is the order.
        return self.voided_order(call.authorization)

    def voided_order(self, name: str) -> Outcome | None:
        """Tell how the void of an order stands: one that nobody has authorised holds no money.

        Raises:
            GatewayMisused: PayPal knows neither an order nor an authorisation of that name.
        """
        with insisting():
            order = self.order(name)
        return voided(order.authorization) if order.authorization else Done(reference=order.id)

    def _refunded(self, call: GatewayCall) -> Outcome | None:
        if call.reference:
            with insisting():
                return refunded(self._requests.get(path_of(REFUNDS, call.reference), answer=Refund))
        wanted = invoice_of_refund(call)
        for refund in self._refunds_of(call):
            if refund.invoice_id == wanted:
                return refunded(refund)
        return None

    def _renewed(self, call: GatewayCall, now: datetime) -> Outcome | None:
        """Look for an authorisation of the same order that we have no name for yet."""
        with insisting():
            if call.reference:
                return renewed(self._authorization(call.reference), now)
            held = self._authorization(call.authorization)
            newest = self._order_behind(held).authorization
        if newest is None or newest.id in (call.authorization, call.first_authorization):
            return None
        return renewed(newest, now)

    def _refunds_of(self, call: GatewayCall) -> list[Refund]:
        with insisting():
            capture = self._requests.get(path_of(CAPTURES, call.charge), answer=Capture)
            return self._order_behind(capture).refunds

    def _authorization(self, name: str) -> Authorization:
        return self._requests.get(path_of(AUTHORIZATIONS, name), answer=Authorization)

    def _order_behind(self, thing: Authorization | Capture) -> Order:
        name = thing.supplementary_data.related_ids.order_id
        if not name:
            raise Undecided("paypal_order_not_named")
        return self.order(name)
