"""The built-in gateway: a provider in the process, whose token says how it behaves.

Its references follow from the idempotency key, so a call made again gives the same answer, as with a
real provider. The only book it keeps is of approvals that customers gave or refused.
"""

import contextlib
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

import httpx
import msgspec
from django.conf import settings
from django.db import connection

from apps.kernel.decoding import decode
from apps.kernel.identifiers import PaymentId
from apps.payments.adapters.sandbox_settlements import list_settled
from apps.payments.domain.operations import OperationKind
from apps.payments.models import SandboxApproval
from apps.payments.ports import (
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayUnavailable,
    MessageRefused,
    Outcome,
    OutcomeUnknown,
    ProviderMessage,
    ReportUnreadable,
    SettlementLine,
)

SIGNATURE_HEADER = "sandbox-signature"
APPROVE, REQUIRES_ACTION = "tok_approve", "tok_requires_action"
UNAVAILABLE, TIMEOUT, TWICE = "tok_unavailable", "tok_timeout", "tok_twice"
TELLING_SECONDS = 2.0

DECLINES = {
    "tok_decline": Declined(
        code="card_declined", detail="Your card was declined.", provider_code="card_declined"
    ),
    "tok_insufficient_funds": Declined(
        code="insufficient_funds",
        detail="Your card has insufficient funds.",
        provider_code="insufficient_funds",
    ),
}

UNKNOWN_TOKEN = Declined(
    code="unknown_token", detail="This way to pay is not known.", provider_code="unknown_token"
)
NOT_APPROVED = Declined(
    code="authentication_failed",
    detail="The payment was not approved by its owner.",
    provider_code="authentication_failed",
)


class SandboxMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sandbox sends when a customer has decided: approved or refused."""

    id: str
    type: str
    reference: str
    payment_id: PaymentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxGateway:
    """Approves, declines, asks for action, times out, answers twice or is down, as the token says."""

    has_books: ClassVar[bool] = True

    latency_seconds: float
    secret: str
    base_url: str

    @classmethod
    def from_settings(cls) -> Self:
        """Make the gateway that the settings describe."""
        return cls(
            latency_seconds=settings.OMS_SANDBOX_LATENCY_MS / 1000,
            secret=settings.OMS_SANDBOX_SECRET,
            base_url=settings.OMS_BASE_URL,
        )

    def perform(self, call: GatewayCall) -> Outcome:
        """Answer as the token says."""
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        if call.method_token == UNAVAILABLE:
            raise GatewayUnavailable("sandbox_down")
        if call.kind is not OperationKind.AUTHORIZE:
            return self._done(call)
        if call.method_token == TIMEOUT:
            raise OutcomeUnknown("sandbox_timeout")
        if call.method_token == REQUIRES_ACTION:
            reference = self._reference(call)
            return ActionRequired(
                reference=reference,
                redirect_url=f"{self.base_url}/sandbox/approvals/{reference}",
            )
        if call.method_token == TWICE:
            self._tell(call)
        if call.method_token in (APPROVE, TWICE):
            return self._done(call)
        return DECLINES.get(call.method_token, UNKNOWN_TOKEN)

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Tell how a call ended: a timed-out one was authorised, an approval may be decided."""
        if call.kind is OperationKind.AUTHORIZE and call.method_token == REQUIRES_ACTION:
            return self._decision(call)
        return self._done(call) if call.method_token == TIMEOUT else None

    def _decision(self, call: GatewayCall) -> Outcome | None:
        approval = SandboxApproval.objects.filter(reference=self._reference(call)).first()
        # Calls are made in threads of their own, which must not keep a database session each.
        connection.close()
        if approval is None:
            return None
        return self._done(call) if approval.approved else NOT_APPROVED

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify the signature and read the message."""
        given = headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(given.encode(), sign(body, self.secret).encode()):
            raise MessageRefused("The signature is not the sandbox's.")
        try:
            message = decode(body, SandboxMessage)
        except msgspec.MsgspecError as error:
            raise MessageRefused(f"The message cannot be read: {error}") from error
        return [
            ProviderMessage(
                event_id=message.id,
                kind=message.type,
                reference=message.reference,
                payment_id=message.payment_id,
            )
        ]

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Nothing: the decision is looked up."""
        return {}

    def route(self, method_token: str) -> str:
        """Trouble that a token asks for must not hold up the calls of other tokens."""
        troubles = {UNAVAILABLE: "sandbox-down", TIMEOUT: "sandbox-lost", TWICE: "sandbox-twice"}
        return troubles.get(method_token, "sandbox")

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Report what was charged and refunded, with fees as a provider might take them."""
        return list_settled(since=since, until=until)

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Refuse: the sandbox saves no files."""
        raise ReportUnreadable("The sandbox has no reports to read from a file.")

    def _done(self, call: GatewayCall) -> Done:
        return Done(reference=self._reference(call), brand="visa", last4="4242")

    def _tell(self, call: GatewayCall) -> None:
        """Send a message, and that again, which says what our answer is about to say."""
        reference = self._reference(call)
        body = msgspec.json.encode(
            SandboxMessage(
                id=f"sbx_evt_{reference}",
                type="payment.authorized",
                reference=reference,
                payment_id=call.payment_id,
            )
        )
        headers = {SIGNATURE_HEADER: sign(body, self.secret), "Content-Type": "application/json"}
        # As with any provider, a message that does not arrive changes nothing.
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.Client(timeout=TELLING_SECONDS, trust_env=False) as client,
        ):
            for _ in range(2):
                client.post(
                    f"{self.base_url}/api/v1/webhooks/sandbox", content=body, headers=headers
                )

    @staticmethod
    def _reference(call: GatewayCall) -> str:
        return "sbx_" + hashlib.sha256(call.idempotency_key.encode()).hexdigest()[:24]


def sign(body: bytes, secret: str) -> str:
    """Give the signature that belongs to a message's bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
