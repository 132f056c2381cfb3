"""Stripe, through its official SDK: payment intents with manual capture.

Stripe remembers the first answer to an idempotency key for at least a day, an internal error (500)
included. So a call is made again with its key while that is safe to rely on, and an error that
Stripe would repeat for ever is resolved by reading Stripe's books.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

import stripe
from django.conf import settings

from apps.kernel.clock import Clock, SystemClock
from apps.payments.adapters.stripe.amounts import AmountNotPayable, stripe_amount
from apps.payments.adapters.stripe.books import StripeBooks
from apps.payments.adapters.stripe.calls import StripeCalls
from apps.payments.adapters.stripe.failures import (
    NOTHING_LEFT,
    InternalError,
    KeyUsed,
    NotPossible,
    reading_midway,
)
from apps.payments.adapters.stripe.messages import read_event
from apps.payments.adapters.stripe.requests import StripeRequests
from apps.payments.adapters.stripe.settlements import (
    lines_of,
    list_transactions,
    read_transactions,
)
from apps.payments.adapters.stripe.transport import StripeTransport
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    NOT_OFFERED,
    Declined,
    GatewayCall,
    GatewayMisused,
    NotSent,
    Outcome,
    OutcomeUnknown,
    ProviderMessage,
    SettlementLine,
    Undecided,
)

CALL_SECONDS = 9.0
"""The limit of a whole call, all its requests together."""
KEY_LIFETIME = timedelta(hours=20)
"""How long a key is relied on; Stripe may forget it after 24 hours."""
MOST_KEYS = 5
"""How many internal errors one call gets over by itself."""
NOT_RENEWED = Declined(
    code=NOT_OFFERED, detail="Stripe does not hold an authorisation for longer than it did."
)
"""A longer hold has to be asked for with the authorisation, and only some cards have it."""


class StripeGateway:
    """Stripe as a payment gateway."""

    has_books: ClassVar[bool] = True

    def __init__(
        self,
        *,
        api_key: str,
        api_base: str,
        webhook_secret: str,
        connect_seconds: float = 1.0,
        read_seconds: float = 8.0,
        clock: Clock | None = None,
    ) -> None:
        """Take the account's secrets and the limits of one request."""
        self._transport = StripeTransport(
            api_base=api_base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )
        client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base},
            max_network_retries=0,
            http_client=self._transport,
        )
        self._clock = clock or SystemClock()
        self._requests = StripeRequests(client)
        self._calls = StripeCalls(self._requests)
        self._books = StripeBooks(self._requests)
        self._webhook_secret = webhook_secret

    @classmethod
    def from_settings(cls) -> Self:
        """Make the gateway that the settings describe."""
        return cls(
            api_key=settings.STRIPE_API_KEY,
            api_base=settings.STRIPE_API_BASE,
            webhook_secret=settings.STRIPE_WEBHOOK_SECRET,
        )

    def perform(self, call: GatewayCall) -> Outcome:
        """Make the call, and find out the truth where Stripe's answer leaves it open.

        Making it again with its key gives the first answer again, or does nothing that is done. With
        other parameters than the first time, its answer is what Stripe's books say.
        """
        if call.kind is OperationKind.RENEW:
            return NOT_RENEWED
        amount = _amount_of(call)
        with self._transport.within(CALL_SECONDS):
            for nth in range(MOST_KEYS):
                try:
                    return self._calls.make(call, amount, key=_key(call, nth))
                except NotPossible as refusal:
                    with reading_midway():
                        return self._explain(call, amount, refusal)
                except KeyUsed as error:
                    # Some parameter has changed since the first request, such as our address.
                    with reading_midway():
                        found = self._find(call, amount)
                    if found is None:
                        raise Undecided("stripe_key_used") from error
                    return found
                except InternalError as error:
                    if not error.is_repeated:
                        raise OutcomeUnknown("stripe_internal_error") from error
                # Stripe keeps answering with the same error. What its books say is final, since
                # the first attempt has ended: if they show nothing, a new key does no harm.
                with reading_midway():
                    found = self._find(call, amount)
                if found is not None:
                    return found
        raise OutcomeUnknown("stripe_internal_error")

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Find out how a call ended, by Stripe's books.

        None also where an authorisation has no reference yet and its key is still good: making the
        call again with the key is the way to find out, and finds it at once, which searching does
        not.

        Raises:
            OutcomeUnknown: Stripe is still at it; the call must not be made again.
        """
        if call.kind is OperationKind.RENEW:
            return NOT_RENEWED
        age = self._clock.now() - call.created_at
        if call.kind is OperationKind.AUTHORIZE and not call.authorization and age < KEY_LIFETIME:
            return None
        with self._transport.within(CALL_SECONDS):
            return self._books.outcome_of(call, _amount_of(call), age)

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify the signature and read the event; the header's name is expected in lower case."""
        return [read_event(body, headers, secret=self._webhook_secret, now=now)]

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Nothing: the decision is looked up."""
        return {}

    def route(self, method_token: str) -> str:
        """All calls share one gate: Stripe is up or down as a whole."""
        return "stripe"

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Read the balance transactions; each request has its own limits of time."""
        return lines_of(list_transactions(self._requests, since=since, until=until))

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Read a saved answer of the list of balance transactions, with their sources expanded."""
        return lines_of(read_transactions(body))

    def _find(self, call: GatewayCall, amount: int) -> Outcome | None:
        return self._books.outcome_of(call, amount, self._clock.now() - call.created_at)

    def _explain(self, call: GatewayCall, amount: int, refusal: NotPossible) -> Outcome:
        """Tell why the state of a payment does not allow a call; it may be done already."""
        if call.authorization:
            found = self._find(call, amount)
            if found is None and refusal.code == NOTHING_LEFT:
                found = self._books.refund_by_hand(call, amount)
            if found is not None:
                return found
        if refusal.decline is not None:
            return refusal.decline
        raise GatewayMisused(str(refusal)) from refusal


def _key(call: GatewayCall, nth: int) -> str:
    """Give the key of an attempt that follows others which ended in an internal error."""
    return f"{call.idempotency_key}:{nth}" if nth else call.idempotency_key


def _amount_of(call: GatewayCall) -> int:
    try:
        return stripe_amount(call.amount)
    except AmountNotPayable as error:
        raise NotSent(str(error)) from error
