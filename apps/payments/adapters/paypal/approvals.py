"""An authorisation, which takes several steps: order, approval by the payer, authorisation.

Each step can be made again without doing anything twice, so the sequence goes on wherever it stopped.
"""

from datetime import timedelta

from apps.payments.adapters.paypal.books import PayPalBooks
from apps.payments.adapters.paypal.documents import order_document
from apps.payments.adapters.paypal.failures import NotPossible, insisting, reading_midway
from apps.payments.adapters.paypal.objects import Order
from apps.payments.adapters.paypal.outcomes import authorized, declined
from apps.payments.adapters.paypal.requests import ORDERS, PayPalRequests, path_of
from apps.payments.adapters.paypal.wallets import is_saved
from apps.payments.ports import (
    ActionRequired,
    GatewayCall,
    GatewayMisused,
    NobodyAsked,
    Outcome,
    Undecided,
)

KEY_LIFETIME = timedelta(hours=5)
"""How long the key of an order is relied on; PayPal forgets it after six hours."""
ORDER_LIFETIME = timedelta(hours=3)
"""How long PayPal keeps an order that nobody has approved, at the least."""
ASKS_AGAIN = ("INSTRUMENT_DECLINED", "ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED")
"""The refusals after which the payer is to visit PayPal's page once more."""


class PayPalApprovals:
    """Has payments approved and authorised."""

    def __init__(self, requests: PayPalRequests, books: PayPalBooks) -> None:
        """Send these requests, and look into these books."""
        self._requests = requests
        self._books = books

    def authorize(self, call: GatewayCall, value: str) -> Outcome:
        """Make the order, unless it is known already, and go as far as the payer has approved.

        Raises:
            GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the port.
        """
        name = _order_named(call)
        if name:
            with insisting():
                return self._go_on(call, self._books.order(name))
        try:
            order = self._requests.post(
                ORDERS, order_document(call, value), key=call.idempotency_key, answer=Order
            )
        except NotPossible as refusal:
            if refusal.is_decline:
                return declined(refusal.issue)
            if refusal.issue == "DUPLICATE_INVOICE_ID":
                # An earlier attempt has been paid, and its key is forgotten.
                raise Undecided("paypal_duplicate_invoice") from refusal
            raise GatewayMisused(str(refusal)) from refusal
        return self._go_on(call, order)

    def look_up(self, call: GatewayCall, age: timedelta) -> Outcome | None:
        """Find out how an authorisation stands; what the payer has approved is authorised on the way.

        None where no order is known and making the call again with its key is the way to find it.
        An order that is lost for good does no harm unless the wallet was a saved one: without the
        payer nothing comes of it. `age` is the time since the call was recorded.
        """
        name = _order_named(call)
        if not name:
            if age < KEY_LIFETIME or not is_saved(call.method_token):
                return None
            raise NobodyAsked("paypal_key_forgotten")
        try:
            order = self._books.order(name)
        except NotPossible as refusal:
            if refusal.names_nothing_known and age > ORDER_LIFETIME:
                return declined("ORDER_EXPIRED", name)
            raise GatewayMisused(str(refusal)) from refusal
        return self._go_on(call, order)

    def _go_on(self, call: GatewayCall, order: Order) -> Outcome:
        outcome = self._outcome(call, order)
        # The page is needed once; a call that waits already has it, whatever PayPal shows by now.
        is_new = not call.reference
        if is_new and isinstance(outcome, ActionRequired) and not outcome.redirect_url:
            raise GatewayMisused(f"Order {order.id} waits for its payer, and names no page.")
        return outcome

    def _outcome(self, call: GatewayCall, order: Order) -> Outcome:
        # A saved wallet needs no approval, so its order may be authorised as soon as it is there.
        needs_nobody = order.status == "CREATED" and is_saved(call.method_token)
        found = None if needs_nobody and order.authorization is None else authorized(order)
        return found if found is not None else self._authorize(call, order)

    def _authorize(self, call: GatewayCall, order: Order) -> Outcome:
        path = path_of(ORDERS, order.id, "authorize")
        key = f"{call.idempotency_key}:authorize"
        try:
            found = authorized(self._requests.post(path, {}, key=key, answer=Order))
        except NotPossible as refusal:
            return self._explain(call, order, refusal)
        if found is None:
            raise Undecided("paypal_order_approved")
        return found

    def _explain(self, call: GatewayCall, order: Order, refusal: NotPossible) -> Outcome:
        """Tell why an order could not be authorised; it may be done already."""
        if refusal.issue in ASKS_AGAIN and not is_saved(call.method_token):
            url = refusal.redirect_url or order.payer_url
            return ActionRequired(reference=order.id, redirect_url=url)
        if refusal.is_decline:
            return declined(refusal.issue, order.id)
        with reading_midway(), insisting():
            found = authorized(self._books.order(order.id))
        if found is None:
            raise GatewayMisused(str(refusal)) from refusal
        return found


def _order_named(call: GatewayCall) -> str:
    """Give the order of an authorisation: as recorded, or as PayPal has told us."""
    told = [str(fact["order"]) for fact in call.told if fact.get("order")]
    return call.reference or call.authorization or (told[-1] if told else "")
