"""The requests that follow an authorisation: capture, void, refund and renewal."""

from datetime import datetime
from typing import assert_never

from apps.payments.adapters.paypal.books import PayPalBooks
from apps.payments.adapters.paypal.declines import REFUND_ISSUES
from apps.payments.adapters.paypal.documents import (
    capture_document,
    refund_document,
    renewal_document,
)
from apps.payments.adapters.paypal.failures import NotPossible, reading_midway
from apps.payments.adapters.paypal.objects import Authorization, Capture, Refund
from apps.payments.adapters.paypal.outcomes import (
    captured,
    declined,
    not_renewed,
    refund_declined,
    refunded,
    renewed,
    voided,
)
from apps.payments.adapters.paypal.requests import (
    AUTHORIZATIONS,
    CAPTURES,
    PayPalRequests,
    path_of,
)
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import GatewayCall, GatewayMisused, Outcome, Undecided

NOTHING_LEFT = "CAPTURE_FULLY_REFUNDED"


class PayPalCalls:
    """Makes calls, each with its idempotency key."""

    def __init__(self, requests: PayPalRequests, books: PayPalBooks) -> None:
        """Send these requests, and look into these books where PayPal refuses one."""
        self._requests = requests
        self._books = books

    def make(self, call: GatewayCall, value: str, now: datetime) -> Outcome:
        """Make a call; `value` is the amount as PayPal writes it.

        Raises:
            GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the port.
        """
        if not call.authorization:
            raise GatewayMisused(f"A {call.kind} needs the authorisation it is for.")
        try:
            found = self._send(call, value, now)
        except NotPossible as refusal:
            with reading_midway():
                return self._explain(call, value, refusal, now)
        if found is None:
            # Accepted, and yet no trace of it: only PayPal's books can tell.
            raise Undecided(f"paypal_{call.kind}_not_shown")
        return found

    def _send(self, call: GatewayCall, value: str, now: datetime) -> Outcome | None:
        match call.kind:
            case OperationKind.CAPTURE:
                return captured(
                    call,
                    self._requests.post(
                        path_of(AUTHORIZATIONS, call.authorization, "capture"),
                        capture_document(call, value),
                        key=call.idempotency_key,
                        answer=Capture,
                    ),
                )
            case OperationKind.VOID:
                # What was renewed is let go under its first name: PayPal voids no renewal.
                name = call.first_authorization or call.authorization
                return voided(self._void(name, call.idempotency_key))
            case OperationKind.REFUND:
                if not call.charge:
                    raise GatewayMisused("A refund needs the charge that it takes from.")
                return refunded(
                    self._requests.post(
                        path_of(CAPTURES, call.charge, "refund"),
                        refund_document(call, value),
                        key=call.idempotency_key,
                        answer=Refund,
                    )
                )
            case OperationKind.RENEW:
                return renewed(
                    self._requests.post(
                        path_of(AUTHORIZATIONS, call.authorization, "reauthorize"),
                        renewal_document(call, value),
                        key=call.idempotency_key,
                        answer=Authorization,
                    ),
                    now,
                )
            case OperationKind.AUTHORIZE:
                raise ValueError("an authorisation takes several steps")
        assert_never(call.kind)

    def _void(self, authorization: str, key: str) -> Authorization:
        return self._requests.post(
            path_of(AUTHORIZATIONS, authorization, "void"),
            None,
            key=key,
            answer=Authorization,
            when_empty=Authorization(id=authorization, status="VOIDED"),
        )

    def _explain(
        self, call: GatewayCall, value: str, refusal: NotPossible, now: datetime
    ) -> Outcome:
        """Tell why the state of a payment does not allow a call; it may be done already."""
        if call.kind is OperationKind.VOID and refusal.names_nothing_known:
            return self._void_order(call)
        if call.kind is OperationKind.RENEW and refusal.status in (403, 422):
            return not_renewed(refusal.issue)
        found = self._books.outcome_of(call, value, now)
        if found is None and refusal.issue == NOTHING_LEFT:
            found = self._books.refund_by_hand(call, value)
        if found is not None:
            return found
        if call.kind is OperationKind.REFUND and refusal.issue in REFUND_ISSUES:
            return refund_declined(refusal.issue)
        if refusal.is_decline:
            return declined(refusal.issue)
        raise GatewayMisused(str(refusal)) from refusal

    def _void_order(self, call: GatewayCall) -> Outcome:
        """Call off what the payer was still to approve: without us nobody authorises it any more."""
        found = self._books.voided_order(call.authorization)
        if found is not None:
            return found
        # It was authorised after all, and the answer to that was lost.
        authorization = self._books.order(call.authorization).authorization
        done = voided(self._void(authorization.id, call.idempotency_key)) if authorization else None
        if done is None:
            raise Undecided("paypal_void_not_shown")
        return done
