"""Find at Stripe what became of a call whose answer we do not have."""

from collections.abc import Iterator
from datetime import timedelta

from apps.payments.adapters.stripe.calls import WITH_CHARGE
from apps.payments.adapters.stripe.objects import Intent, Page, Refund
from apps.payments.adapters.stripe.outcomes import intent_outcome, refund_outcome
from apps.payments.adapters.stripe.requests import StripeRequests, intent_path
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayCall, GatewayMisused, NobodyAsked, Outcome, Undecided

PAGE = 100
MOST_PAGES = 50
ROWS_WITH_CHARGE = ["data.latest_charge"]
MARGIN = timedelta(seconds=30)
"""By how much our clocks, and the whole seconds in which Stripe counts, may be wrong."""
SEARCHABLE_AFTER = timedelta(hours=2)
"""Stripe's search runs up to an hour behind when Stripe has trouble; lists never do."""


class StripeBooks:
    """Reads; changes nothing."""

    def __init__(self, requests: StripeRequests) -> None:
        """Send these requests."""
        self._requests = requests

    def outcome_of(self, call: GatewayCall, amount: int, age: timedelta) -> Outcome | None:
        """Tell how a call ended, or None when it certainly was not carried out.

        `age` is the time since the call was recorded.

        Raises:
            Undecided: Stripe is still at it, or there is too much to look through.
            GatewayUnavailable: Stripe does not answer.
            GatewayMisused: Stripe knows no such payment.
        """
        if call.kind is OperationKind.REFUND:
            wanted = str(call.operation_id)
            for refund in self._list_refunds(call):
                # One that was made at Stripe's own desk carries no name of ours.
                if refund.operation_id == wanted or refund.id == call.reference:
                    return refund_outcome(refund)
            return None
        intent = self._find_intent(call, age)
        return intent_outcome(call, intent, amount) if intent is not None else None

    def refund_by_hand(self, call: GatewayCall, amount: int) -> Outcome | None:
        """Find the one refund of this amount that somebody made without us, at Stripe's own desk.

        Only to be asked when Stripe has nothing left to refund: then it is what was wanted.
        """
        found = [
            refund
            for refund in self._list_refunds(call)
            if not refund.operation_id and refund.amount == amount and not refund.has_failed
        ]
        return refund_outcome(found[0]) if len(found) == 1 else None

    def _find_intent(self, call: GatewayCall, age: timedelta) -> Intent | None:
        if call.authorization:
            return self._requests.get(
                intent_path(call.authorization), {"expand": WITH_CHARGE}, answer=Intent
            )
        if call.kind is not OperationKind.AUTHORIZE:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        wanted = str(call.payment_id)
        for intent in self._search(call) if age > SEARCHABLE_AFTER else self._list_since(age):
            if intent.metadata.get("payment_id") == wanted and intent.was_tried:
                return intent
        return None

    def _list_since(self, age: timedelta) -> Iterator[Intent]:
        """Go back through all intents until they are older than the call.

        Times are compared with those of Stripe's own newest intent, for our clock may be off.
        """
        if age < timedelta(0):
            raise NobodyAsked("clock_went_back")
        after: dict[str, str] = {}
        oldest: float | None = None
        for _ in range(MOST_PAGES):
            page = self._requests.get(
                "/v1/payment_intents",
                {"limit": PAGE, "expand": ROWS_WITH_CHARGE, **after},
                answer=Page[Intent],
            )
            for intent in page.data:
                if oldest is None:
                    oldest = intent.created - (age + MARGIN).total_seconds()
                if intent.created < oldest:
                    return
                yield intent
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1].id}
        raise Undecided("stripe_too_many_intents")

    def _search(self, call: GatewayCall) -> list[Intent]:
        return self._requests.get(
            "/v1/payment_intents/search",
            {
                "query": f"metadata['payment_id']:'{call.payment_id}'",
                "limit": PAGE,
                "expand": ROWS_WITH_CHARGE,
            },
            answer=Page[Intent],
        ).data

    def _list_refunds(self, call: GatewayCall) -> list[Refund]:
        return self._requests.get(
            "/v1/refunds",
            {"payment_intent": call.authorization, "limit": PAGE},
            answer=Page[Refund],
        ).data
