"""The requests that change something at Adyen."""

import hashlib
from typing import TypeVar, assert_never

import msgspec

from apps.payments.adapters.adyen.failures import MethodRefused, insist_on_success
from apps.payments.adapters.adyen.objects import PaymentAnswer, Received
from apps.payments.adapters.adyen.outcomes import HeldInPart, payment_outcome
from apps.payments.adapters.adyen.requests import (
    Document,
    amount_document,
    cancel_document,
    cancel_path,
    details_document,
    modification_path,
    payment_document,
)
from apps.payments.adapters.adyen.story import Story
from apps.payments.adapters.adyen.transport import AdyenTransport
from apps.payments.adapters.adyen.verdicts import taken
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    Outcome,
    OutcomeUnknown,
)

T = TypeVar("T")


class AdyenCalls:
    """Makes calls, each with the idempotency key it is given."""

    def __init__(
        self, transport: AdyenTransport, *, merchant_account: str, is_renewable: bool
    ) -> None:
        """Send through this transport, for this account; what is authorised may have to be renewed."""
        self._transport = transport
        self._merchant = merchant_account
        self._is_renewable = is_renewable

    def make(self, call: GatewayCall, amount: int) -> Outcome:
        """Make the call once; `amount` is in Adyen's units.

        Raises:
            GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the port.
        """
        if call.kind is not OperationKind.AUTHORIZE and not call.authorization:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        match call.kind:
            case OperationKind.AUTHORIZE:
                return self._authorize(call, amount)
            case OperationKind.CAPTURE:
                path = modification_path(call.authorization, "captures")
                document = amount_document(call, amount, self._merchant)
            case OperationKind.VOID:
                path = cancel_path(call)
                document = cancel_document(call, self._merchant)
            case OperationKind.REFUND:
                path = modification_path(call.authorization, "refunds")
                document = amount_document(call, amount, self._merchant)
            case OperationKind.RENEW:
                path = modification_path(call.authorization, "amountUpdates")
                document = amount_document(call, amount, self._merchant)
            case _:
                assert_never(call.kind)
        received = self._post(path, document, key=call.idempotency_key, answer=Received)
        return taken(call, Story.read(call.told), amount, received.psp_reference)

    def hand_in(self, call: GatewayCall, amount: int, redirect_result: str) -> Outcome:
        """Finish an authorisation with what its customer brought back; doing it again does no more.

        Raises:
            GatewayMisused: it is not a result that Adyen gave for this payment.
            GatewayUnavailable, OutcomeUnknown: see the port.
        """
        digest = hashlib.sha256(redirect_result.encode()).hexdigest()[:12]
        answer = self._post(
            "/payments/details",
            details_document(redirect_result),
            key=f"{call.idempotency_key}:{digest}",
            answer=PaymentAnswer,
        )
        if answer.merchant_reference != str(call.payment_id):
            # Whoever knows the address of the return page can bring the result of another payment.
            raise GatewayMisused("What was brought back is of another payment.")
        return self._outcome(call, answer, amount)

    def _authorize(self, call: GatewayCall, amount: int) -> Outcome:
        document = payment_document(call, amount, self._merchant, is_renewable=self._is_renewable)
        try:
            answer = self._post(
                "/payments", document, key=call.idempotency_key, answer=PaymentAnswer
            )
        except MethodRefused as refusal:
            return refusal.answer
        return self._outcome(call, answer, amount)

    def _outcome(self, call: GatewayCall, answer: PaymentAnswer, amount: int) -> Outcome:
        try:
            return payment_outcome(call, answer, amount)
        except HeldInPart as held:
            self._drop(call, held.reference)
            return held.answer

    def _drop(self, call: GatewayCall, reference: str) -> None:
        """Give back what is held of a card that does not cover the amount.

        Raises:
            OutcomeUnknown: Adyen does not take the cancel now; the whole call has to be repeated.
        """
        document = cancel_document(call, self._merchant)
        key = f"{call.idempotency_key}:drop"
        try:
            path = modification_path(reference, "cancels")
            self._post(path, document, key=key, answer=Received)
        except (GatewayUnavailable, GatewayMisused) as error:
            raise OutcomeUnknown("adyen_held_in_part") from error

    def _post(self, path: str, document: Document, *, key: str, answer: type[T]) -> T:
        raw = self._transport.post(path, document, key=key)
        insist_on_success(raw)
        try:
            return msgspec.json.decode(raw.body, type=answer)
        except msgspec.MsgspecError as error:
            raise OutcomeUnknown("adyen_answer_unreadable") from error
