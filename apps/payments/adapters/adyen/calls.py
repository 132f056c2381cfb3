"""The requests that change something at Adyen."""

import hashlib
from typing import Any, TypeVar, assert_never

import msgspec

from apps.kernel.decoding import decode
from apps.payments.adapters.adyen.checkout import Method, send
from apps.payments.adapters.adyen.failures import MethodRefused, insist_on_success
from apps.payments.adapters.adyen.objects import PaymentAnswer, Received
from apps.payments.adapters.adyen.outcomes import HeldInPart, payment_outcome
from apps.payments.adapters.adyen.requests import (
    Document,
    amount_document,
    cancel_document,
    details_document,
    has_no_name_yet,
    payment_document,
)
from apps.payments.adapters.adyen.story import Story
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

    def __init__(self, checkout: Any, *, merchant_account: str, is_renewable: bool) -> None:
        """Send by the SDK, for this account; what is authorised may have to be renewed."""
        self._payments = checkout.payments_api
        self._modifications = checkout.modifications_api
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
            case OperationKind.VOID:
                received = self._cancel(call)
            case OperationKind.CAPTURE:
                received = self._change(
                    self._modifications.capture_authorised_payment, call, amount
                )
            case OperationKind.REFUND:
                received = self._change(self._modifications.refund_captured_payment, call, amount)
            case OperationKind.RENEW:
                received = self._change(self._modifications.update_authorised_amount, call, amount)
            case _:
                assert_never(call.kind)
        return taken(call, Story.read(call.told), amount, received.psp_reference)

    def hand_in(self, call: GatewayCall, amount: int, redirect_result: str) -> Outcome:
        """Finish an authorisation with what its customer brought back; doing it again does no more.

        Raises:
            GatewayMisused: it is not a result that Adyen gave for this payment.
            GatewayUnavailable, OutcomeUnknown: see the port.
        """
        digest = hashlib.sha256(redirect_result.encode()).hexdigest()[:12]
        answer = _made(
            self._payments.payments_details,
            details_document(redirect_result),
            key=f"{call.idempotency_key}:{digest}",
            answer=PaymentAnswer,
        )
        if answer.merchant_reference != str(call.payment_id):
            # Whoever knows the address of the return page can bring the result of another payment.
            raise GatewayMisused("What was brought back is of another payment.")
        return self._outcome(call, answer, amount)

    def _change(self, method: Method, call: GatewayCall, amount: int) -> Received:
        document = amount_document(call, amount, self._merchant)
        return _made(
            method, document, call.authorization, key=call.idempotency_key, answer=Received
        )

    def _cancel(self, call: GatewayCall) -> Received:
        document, key = cancel_document(call, self._merchant), call.idempotency_key
        if has_no_name_yet(call):
            method = self._modifications.cancel_authorised_payment
            return _made(method, document, key=key, answer=Received)
        method = self._modifications.cancel_authorised_payment_by_psp_reference
        return _made(method, document, call.authorization, key=key, answer=Received)

    def _authorize(self, call: GatewayCall, amount: int) -> Outcome:
        document = payment_document(call, amount, self._merchant, is_renewable=self._is_renewable)
        try:
            answer = _made(
                self._payments.payments,
                document,
                key=call.idempotency_key,
                answer=PaymentAnswer,
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
            method = self._modifications.cancel_authorised_payment_by_psp_reference
            _made(method, document, reference, key=key, answer=Received)
        except (GatewayUnavailable, GatewayMisused) as error:
            raise OutcomeUnknown("adyen_held_in_part") from error


def _made(method: Method, document: Document, *names: str, key: str, answer: type[T]) -> T:
    raw = send(method, document, *names, key=key)
    insist_on_success(raw)
    try:
        return decode(raw.body, answer)
    except msgspec.MsgspecError as error:
        raise OutcomeUnknown("adyen_answer_unreadable") from error
