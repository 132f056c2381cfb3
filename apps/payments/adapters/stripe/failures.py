"""What a failed request to Stripe means for the call it was made for."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import stripe
import structlog

from apps.kernel.decoding import decode
from apps.payments.adapters.stripe.declines import REFUND_CODES
from apps.payments.adapters.stripe.outcomes import declined, refund_declined
from apps.payments.adapters.stripe.transport import AnswerMissing, NeverSent
from apps.payments.ports import (
    Declined,
    GatewayMisused,
    GatewayUnavailable,
    LockedOut,
    OutcomeUnknown,
)

CUSTOMERS_CODES = ("amount_too_large", "amount_too_small")
EXPIRED = "charge_expired_for_capture"
NOTHING_LEFT = "charge_already_refunded"

log = structlog.get_logger(__name__)


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Error(msgspec.Struct, frozen=True):
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None
    payment_intent: _Named | None = None


class _Body(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class CardDeclined(Exception):
    """The card's bank, the network or Stripe said no."""

    def __init__(self, answer: Declined) -> None:
        """Carry the answer for the customer."""
        super().__init__(answer.code)
        self.answer = answer


class InternalError(Exception):
    """Stripe broke down on the request; whether it was carried out before that is open.

    `is_repeated` says that this is the stored answer to an earlier request with the same key.
    """

    def __init__(self, *, is_repeated: bool) -> None:
        """Say whether the answer is a stored one."""
        super().__init__("stripe_internal_error")
        self.is_repeated = is_repeated


class NotPossible(Exception):
    """Stripe understood the request and refused it; nothing was carried out.

    `decline` is the answer for the customer where it is their way to pay, the time that has passed or
    what their bank did, and not our request that does not fit.
    """

    def __init__(self, text: str, *, code: str, decline: Declined | None) -> None:
        """Say what Stripe said, for us."""
        super().__init__(text)
        self.code = code
        self.decline = decline


class KeyUsed(Exception):
    """The key was used before with other parameters; only the first request may have done anything."""


@contextmanager
def writing() -> Iterator[None]:
    """Translate what can go wrong with a request that changes something.

    Raises:
        CardDeclined, InternalError, NotPossible, KeyUsed: see there.
        GatewayUnavailable: it certainly was not carried out.
        OutcomeUnknown: it may have been, or another attempt with its key is under way.
    """
    try:
        yield
    except NeverSent as error:
        raise GatewayUnavailable("stripe_unreachable") from error
    except AnswerMissing as error:
        raise OutcomeUnknown("stripe_no_answer") from error
    except stripe.RateLimitError as error:
        raise GatewayUnavailable("stripe_rate_limit") from error
    except stripe.CardError as error:
        raise CardDeclined(_decline(error)) from error
    except stripe.InvalidRequestError as error:
        raise NotPossible(
            _text(error), code=error.code or "", decline=_decline_of_request(error)
        ) from error
    except stripe.IdempotencyError as error:
        raise KeyUsed(_text(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise _locked_out(error) from error
    except stripe.StripeError as error:
        if (error.http_status or 0) >= 500:
            raise InternalError(is_repeated=_is_repeated(error)) from error
        # 409: the same key is in flight, so an earlier attempt may be succeeding right now.
        raise OutcomeUnknown(f"stripe_http_{error.http_status}") from error


@contextmanager
def reading() -> Iterator[None]:
    """Translate what can go wrong with a request that only reads.

    Raises:
        GatewayUnavailable: there is no answer.
        GatewayMisused: our request is wrong.
    """
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise _locked_out(error) from error
    except stripe.InvalidRequestError as error:
        raise GatewayMisused(_text(error)) from error
    except stripe.StripeError as error:
        raise GatewayUnavailable("stripe_unavailable") from error


@contextmanager
def reading_midway() -> Iterator[None]:
    """In the middle of a call, books that do not open leave its outcome open.

    Raises:
        OutcomeUnknown: in place of `GatewayUnavailable`.
    """
    try:
        yield
    except GatewayUnavailable as error:
        raise OutcomeUnknown("stripe_books_unavailable") from error


def _locked_out(error: stripe.StripeError) -> LockedOut:
    """A wrong or withdrawn API key is an outage: orders wait until somebody has set it right."""
    log.error("stripe_key_refused", error=_text(error))
    return LockedOut("stripe_key_refused")


def _decline(error: stripe.StripeError) -> Declined:
    said = _read(error)
    return declined(
        code=said.code or "",
        decline_code=said.decline_code or "",
        reference=said.payment_intent.id if said.payment_intent else "",
    )


def _read(error: stripe.StripeError) -> _Error:
    try:
        return decode(error.http_body or "{}", _Body).error
    except msgspec.MsgspecError:
        return _Error()


def _decline_of_request(error: stripe.InvalidRequestError) -> Declined | None:
    """Give the answer for the customer if the refusal is due to what they chose, or did at their bank."""
    if error.code in REFUND_CODES:
        return refund_declined(error.code)
    if error.param == "payment_method":
        return declined(code=error.code or "payment_method_unusable")
    is_about_the_sum = error.param == "amount" and error.code in CUSTOMERS_CODES
    if error.code and (is_about_the_sum or error.code == EXPIRED):
        return declined(code=error.code)
    return None


def _is_repeated(error: stripe.StripeError) -> bool:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return headers.get("idempotent-replayed", "").lower() == "true"


def _text(error: stripe.StripeError) -> str:
    """Name the request and the code; Stripe's sentence may quote what was sent."""
    said = _read(error)
    what = f"{said.code or type(error).__name__}{f' ({said.param})' if said.param else ''}"
    return f"{what}, request {error.request_id or 'unknown'}"
