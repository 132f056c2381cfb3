"""The five calls that can be made for a payment, and the states of one."""

from datetime import datetime, timedelta
from enum import StrEnum


class OperationKind(StrEnum):
    """What a provider is asked to do."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    RENEW = "renew"


class OperationState(StrEnum):
    """Where one call stands.

    `unknown`: the provider may have done it; it is looked up before anything else. `waiting`: the
    provider has taken the call, and how it ends is still to come: it waits for the customer, or is
    at it.
    """

    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"


OPEN_STATES = (
    OperationState.PENDING,
    OperationState.IN_FLIGHT,
    OperationState.UNKNOWN,
    OperationState.WAITING,
)
UNDECIDED = (OperationState.UNKNOWN, OperationState.WAITING)
"""What can be looked up before it is due: nobody is at it, and it may have been done."""
ENDED_BADLY = (OperationState.DECLINED, OperationState.FAILED)
MONEY_BACK = (OperationKind.VOID, OperationKind.REFUND)
"""What gives the customer's money back, or leaves it with them."""

NEEDS_THE_AUTHORISATION = (OperationKind.CAPTURE, OperationKind.VOID)
"""What is not begun while the authorisation is being renewed: it may have another name afterwards."""

BY_HAND = "by hand"
"""The reference of a refund that went another way than the provider's; there is nothing to look up."""
CLOSED_BY_HAND = "closed_by_hand"
"""The code of a call of which a person has said how it ended, since its provider did not."""
OVERTAKEN = ("overtaken", "Less may go back by now: see the payment's history.")
"""Code and sentence of a refund that was given up before it was made, since part of it went back at the
provider's own desk or is disputed by then."""
TIME_OVER = "time_over"
"""The code of a renewal that was given up, so that a charge can still be made of what it was for."""
FIRST_UNDO_PAUSE_SECONDS = 10 * 60
LONGEST_UNDO_PAUSE_SECONDS = 24 * 60 * 60
"""When to try again to give money back: what a provider refused once it mostly goes on to refuse, until
a person has done something about it."""
LEASE_SECONDS = 15
"""How long a worker may take for an operation before another one takes it over."""
LONGEST_CALL_SECONDS = 10
"""How long an adapter may take for one call or one look-up."""
LATEST_START_SECONDS = 4
"""How long after its look-up began a call may still be made: then both end within the lease."""
LOOK_UP_PAUSE_SECONDS = 2
FIRST_NEWS_PAUSE_SECONDS = 60
LONGEST_NEWS_PAUSE_SECONDS = 6 * 60 * 60
"""How long a provider that has taken a call is left to tell how it ended, before we ask by ourselves."""


def is_given_up(*, created_at: datetime, now: datetime, limit: timedelta) -> bool:
    """Whether an authorisation has waited for its provider for as long as an order may."""
    return now - created_at > limit
