"""PayPal as a payment gateway: orders that authorise, captured once the order is confirmed.

A repeated request with the same key (`PayPal-Request-Id`) does nothing twice and tells how the thing
stands by now. PayPal keeps the keys of orders for six hours and those of payments for 45 days.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from django.conf import settings

from apps.kernel.clock import Clock, SystemClock
from apps.payments.adapters.paypal.amounts import AmountNotPayable, paypal_amount
from apps.payments.adapters.paypal.approvals import PayPalApprovals
from apps.payments.adapters.paypal.books import PayPalBooks
from apps.payments.adapters.paypal.calls import PayPalCalls
from apps.payments.adapters.paypal.certificates import Certificates
from apps.payments.adapters.paypal.checks import CertificateCheck, Check, PostbackCheck
from apps.payments.adapters.paypal.messages import read_event
from apps.payments.adapters.paypal.requests import PayPalRequests
from apps.payments.adapters.paypal.settlements import (
    lines_of,
    list_transactions,
    read_transactions,
)
from apps.payments.adapters.paypal.tokens import AccessTokens
from apps.payments.adapters.paypal.transmissions import Transmission
from apps.payments.adapters.paypal.transport import PayPalTransport
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    GatewayCall,
    NotSent,
    Outcome,
    ProviderMessage,
    SettlementLine,
)

CALL_SECONDS = 9.0
"""The limit of a whole call, all its requests together."""


class PayPalGateway:
    """PayPal as a payment gateway."""

    has_books: ClassVar[bool] = True

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        api_base: str,
        webhook_id: str,
        webhook_check: Literal["certificate", "postback"] = "certificate",
        certificate_base: str = "",
        ca_file: Path | None = None,
        connect_seconds: float = 1.0,
        read_seconds: float = 8.0,
        clock: Clock | None = None,
    ) -> None:
        """Take the account's secrets, how messages are checked, and the limits of one request.

        `certificate_base` is an address that certificates may come from besides PayPal's own;
        `ca_file` holds the authorities that may have issued them, the well-known ones without it.
        """
        api_base = api_base.rstrip("/")
        self._transport = PayPalTransport(
            connect_seconds=connect_seconds, read_seconds=read_seconds
        )
        tokens = AccessTokens(
            self._transport, api_base=api_base, client_id=client_id, client_secret=client_secret
        )
        self._requests = requests = PayPalRequests(self._transport, tokens, api_base=api_base)
        self._clock = clock or SystemClock()
        self._books = PayPalBooks(requests)
        self._calls = PayPalCalls(requests, self._books)
        self._approvals = PayPalApprovals(requests, self._books)
        self._check: Check = (
            PostbackCheck(requests, webhook_id=webhook_id)
            if webhook_check == "postback"
            else CertificateCheck(
                Certificates(self._transport, base=certificate_base, ca_file=ca_file),
                webhook_id=webhook_id,
            )
        )

    @classmethod
    def from_settings(cls) -> Self:
        """Make the gateway that the settings describe."""
        ca_file = settings.PAYPAL_CA_FILE
        return cls(
            client_id=settings.PAYPAL_CLIENT_ID,
            client_secret=settings.PAYPAL_CLIENT_SECRET,
            api_base=settings.PAYPAL_API_BASE,
            webhook_id=settings.PAYPAL_WEBHOOK_ID,
            webhook_check=settings.PAYPAL_WEBHOOK_CHECK,
            certificate_base=settings.PAYPAL_CERTIFICATE_BASE,
            ca_file=Path(ca_file) if ca_file else None,
        )

    def perform(self, call: GatewayCall) -> Outcome:
        """Make the call, and find out the truth where PayPal's answer leaves it open.

        Making it again with its key does nothing twice; an authorisation goes on where it stopped.
        """
        value = _amount_of(call)
        with self._transport.within(CALL_SECONDS):
            if call.kind is OperationKind.AUTHORIZE:
                return self._approvals.authorize(call, value)
            return self._calls.make(call, value, self._clock.now())

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Find out how a call ended, by PayPal's books.

        An authorisation that its payer has approved meanwhile is completed on the way: that is the
        rest of the same call. None also where the order of an authorisation is not known: making
        the call again with its key is the way to find it.
        """
        with self._transport.within(CALL_SECONDS):
            if call.kind is OperationKind.AUTHORIZE:
                return self._approvals.look_up(call, self._clock.now() - call.created_at)
            return self._books.outcome_of(call, _amount_of(call), self._clock.now())

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify that PayPal sent the message, and read it; header names are in lower case.

        Raises:
            MessageRefused: it is not PayPal's, is too old, or cannot be read.
            GatewayUnavailable: PayPal could not be asked; it will send the message again.
        """
        transmission = Transmission.of(headers, now)
        message = read_event(body)
        with self._transport.within(CALL_SECONDS):
            self._check.insist(transmission, body, now)
        return [message]

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Nothing: whether the payer has approved is looked up."""
        return {}

    def route(self, method_token: str) -> str:
        """All calls share one gate: PayPal is up or down as a whole."""
        return "paypal"

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Search the transactions; each request has its own limits of time."""
        return lines_of(list_transactions(self._requests, since=since, until=until))

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Read a saved answer of the transaction search."""
        return lines_of(read_transactions(body))


def _amount_of(call: GatewayCall) -> str:
    try:
        return paypal_amount(call.amount)
    except AmountNotPayable as error:
        raise NotSent(str(error)) from error
