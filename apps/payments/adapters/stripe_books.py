"""Find at Stripe what became of a call whose answer we do not have."""

from collections.abc import Iterator
from datetime import timedelta

import stripe
from stripe.params import PaymentIntentListParams

from apps.payments.adapters.stripe_calls import WITH_CHARGE
from apps.payments.adapters.stripe_failures import reading
from apps.payments.adapters.stripe_outcomes import intent_outcome, refund_outcome
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayCall, GatewayMisused, Outcome, OutcomeUnknown

PAGE = 100
MOST_PAGES = 50
MARGIN = timedelta(seconds=30)
"""By how much our clocks, and the whole seconds in which Stripe counts, may be wrong."""
SEARCHABLE_AFTER = timedelta(hours=2)
"""Stripe's search runs up to an hour behind when Stripe has trouble; lists never do."""


class StripeBooks:
    """Reads; changes nothing."""

    def __init__(self, client: stripe.StripeClient) -> None:
        """Speak through the SDK's client."""
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    def outcome_of(self, call: GatewayCall, amount: int, age: timedelta) -> Outcome | None:
        """Tell how a call ended, or None when it certainly was not carried out.

        `age` is the time since the call was recorded.

        Raises:
            OutcomeUnknown: Stripe is still at it, or there is too much to look through.
            GatewayUnavailable: Stripe does not answer.
            GatewayMisused: Stripe knows no such payment.
        """
        if call.kind is OperationKind.REFUND:
            refund = self._find_refund(call)
            return refund_outcome(refund) if refund is not None else None
        intent = self._find_intent(call, age)
        return intent_outcome(call.kind, intent, amount) if intent is not None else None

    def refund_by_hand(self, call: GatewayCall, amount: int) -> Outcome | None:
        """Find the one refund of this amount that somebody made without us, at Stripe's own desk.

        Only to be asked when Stripe has nothing left to refund: then it is what was wanted.
        """
        found = [
            refund
            for refund in self._list_refunds(call)
            if not _metadata(refund, "operation_id")
            and refund.amount == amount
            and refund.status not in ("failed", "canceled")
        ]
        return refund_outcome(found[0]) if len(found) == 1 else None

    def _find_intent(self, call: GatewayCall, age: timedelta) -> stripe.PaymentIntent | None:
        if call.authorization:
            with reading():
                return self._intents.retrieve(call.authorization, {"expand": WITH_CHARGE})
        if call.kind is not OperationKind.AUTHORIZE:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        with reading():
            made = self._search(call) if age > SEARCHABLE_AFTER else self._list_since(age)
            return next(
                (
                    intent
                    for intent in made
                    if _metadata(intent, "payment_id") == str(call.payment_id)
                    and _was_tried(intent)
                ),
                None,
            )

    def _list_since(self, age: timedelta) -> Iterator[stripe.PaymentIntent]:
        """Go back through all intents until they are older than the call.

        Times are compared with those of Stripe's own newest intent, for our clock may be off.
        """
        if age < timedelta(0):
            raise OutcomeUnknown("clock_went_back")
        params: PaymentIntentListParams = {"limit": PAGE, "expand": ["data.latest_charge"]}
        oldest: float | None = None
        for _ in range(MOST_PAGES):
            page = self._intents.list(params)
            for intent in page.data:
                if oldest is None:
                    oldest = intent.created - (age + MARGIN).total_seconds()
                if intent.created < oldest:
                    return
                yield intent
            if not page.has_more:
                return
            params["starting_after"] = page.data[-1].id
        raise OutcomeUnknown("stripe_too_many_intents")

    def _search(self, call: GatewayCall) -> Iterator[stripe.PaymentIntent]:
        yield from self._intents.search(
            {
                "query": f"metadata['payment_id']:'{call.payment_id}'",
                "limit": PAGE,
                "expand": ["data.latest_charge"],
            }
        ).data

    def _find_refund(self, call: GatewayCall) -> stripe.Refund | None:
        wanted = str(call.operation_id)
        refunds = self._list_refunds(call)
        return next((one for one in refunds if _metadata(one, "operation_id") == wanted), None)

    def _list_refunds(self, call: GatewayCall) -> list[stripe.Refund]:
        with reading():
            return list(
                self._refunds.list({"payment_intent": call.authorization, "limit": PAGE}).data
            )


def _metadata(holder: stripe.PaymentIntent | stripe.Refund, name: str) -> str:
    return str(getattr(holder.metadata, name, None) or "")


def _was_tried(intent: stripe.PaymentIntent) -> bool:
    """Whether it says anything; one that an internal error left behind does not."""
    return (
        intent.status not in ("requires_payment_method", "requires_confirmation")
        or intent.last_payment_error is not None
    )
