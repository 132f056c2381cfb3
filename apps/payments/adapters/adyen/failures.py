"""What an answer that is no success means for the call it was made for."""

import msgspec
import structlog

from apps.kernel.decoding import decode
from apps.payments.adapters.adyen.checkout import RawAnswer
from apps.payments.adapters.adyen.declines import METHOD_UNKNOWN, declined
from apps.payments.adapters.adyen.objects import Problem
from apps.payments.ports import (
    Declined,
    GatewayMisused,
    GatewayUnavailable,
    LockedOut,
    OutcomeUnknown,
)

KEY_IN_USE = "704"
UNKNOWN_METHODS = frozenset({"800", "803"})
"""The contract, or the payment detail, that a stored token names is not there (any more)."""

log = structlog.get_logger(__name__)


class MethodRefused(GatewayMisused):
    """The customer's way to pay is not known to Adyen; nothing was carried out.

    Where no way to pay was sent, that is a fault of ours like any other.
    """

    def __init__(self, answer: Declined) -> None:
        """Carry the answer for the customer."""
        super().__init__(answer.code)
        self.answer = answer


def insist_on_success(answer: RawAnswer) -> None:
    """Pass an answer that is a success.

    Raises:
        MethodRefused: see there.
        GatewayUnavailable: the request was turned away before anything was done.
        GatewayMisused: the request is wrong.
        OutcomeUnknown: it may have been carried out, or an earlier one with its key is under way.
    """
    if 200 <= answer.status < 300:
        return
    problem = _read(answer.body)
    text = f"{problem.error_code or 'no code'}, HTTP {answer.status}"
    if answer.status in (401, 403):
        # A wrong or withdrawn key is an outage: orders wait until somebody has set it right.
        log.error("adyen_key_refused", error=text)
        raise LockedOut("adyen_key_refused")
    if answer.status == 429:
        raise GatewayUnavailable("adyen_rate_limit")
    if answer.status >= 500 or answer.is_transient or problem.error_code == KEY_IN_USE:
        # The key is in flight or was used for something else: either way an earlier request with it
        # may have done the work.
        raise OutcomeUnknown(f"adyen_http_{answer.status}")
    if problem.error_code in UNKNOWN_METHODS:
        name = problem.psp_reference or ""
        raise MethodRefused(declined(METHOD_UNKNOWN, problem.error_code, reference=name))
    # Adyen's own sentence may quote what was sent; its code and the request's name are enough.
    name = problem.psp_reference or "unknown"
    raise GatewayMisused(f"Adyen does not accept the request: {text}, request {name}.")


def _read(body: str) -> Problem:
    try:
        return decode(body, Problem)
    except msgspec.MsgspecError:
        return Problem()
