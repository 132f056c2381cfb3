"""What Adyen has told us about one payment: the only books there are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import msgspec
from msgspec import Struct

from apps.kernel.decoding import convert

AUTHORISATION, CAPTURE, REFUND = "AUTHORISATION", "CAPTURE", "REFUND"
CANCELLATION, TECHNICAL_CANCEL, EXPIRE = "CANCELLATION", "TECHNICAL_CANCEL", "EXPIRE"
CANCEL_OR_REFUND = "CANCEL_OR_REFUND"
REPORT_AVAILABLE = "REPORT_AVAILABLE"
"""A file can be fetched: `psp_reference` is its name, `reason` its address."""
ADJUSTMENT = "AUTHORISATION_ADJUSTMENT"
CAME_BACK = "CAME_BACK"
"""No event of Adyen's: the customer came back from the bank's page, with the result in their hands."""

UNDONE_BY = {
    CAPTURE: frozenset({"CAPTURE_FAILED"}),
    REFUND: frozenset({"REFUND_FAILED", "REFUNDED_REVERSED"}),
}
"""What a success can be followed by that takes it back, days later."""


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One thing that was told, as it is kept with its message; `value` is in Adyen's units.

    `psp_reference` names what the news is about, `original_reference` the payment where that is
    something else, `operation` the call of ours that asked for it. `action` is what a
    cancel-or-refund came to. `redirect_result` is what a customer brought back.
    """

    event: str
    success: bool
    psp_reference: str = ""
    original_reference: str = ""
    operation: str = ""
    value: int = 0
    currency: str = ""
    reason: str = ""
    action: str = ""
    brand: str = ""
    last4: str = ""
    redirect_result: str = ""

    def as_facts(self) -> dict[str, Any]:
        """Write it as plain JSON."""
        return dict(msgspec.to_builtins(self))


class Story:
    """Everything that was told about a payment, oldest first."""

    def __init__(self, told: Sequence[Told]) -> None:
        """Tell these things."""
        self._told = told

    @classmethod
    def read(cls, facts: Iterable[Mapping[str, Any]]) -> Self:
        """Read what was kept of messages."""
        return cls([convert(one, Told) for one in facts])

    def successes(self, *events: str) -> Iterator[Told]:
        """Give the good news of these kinds."""
        return (one for one in self._told if one.event in events and one.success)

    def failures(self, *events: str) -> Iterator[Told]:
        """Give the bad news of these kinds."""
        return (one for one in self._told if one.event in events and not one.success)

    def ends_of(self, event: str) -> list[Told]:
        """Give the news of how calls of a kind ended, and then of what did not last.

        That may come first, or be all that is left: old messages are forgotten.
        """
        ends = [*self.successes(event), *self.failures(event)]
        return [*ends, *self.successes(*UNDONE_BY[event])]

    def redirect_results(self) -> Iterator[str]:
        """Give what the customer brought back, the newest first."""
        return (one.redirect_result for one in reversed(self._told) if one.event == CAME_BACK)

    def cancelled_by(self) -> Told | None:
        """Give the news that the authorisation is gone and nothing was charged; None if it is not."""
        if self.standing_captures():
            return None
        gone = list(self.successes(CANCELLATION, TECHNICAL_CANCEL, EXPIRE))
        gone += [one for one in self.successes(CANCEL_OR_REFUND) if one.action == "cancel"]
        return gone[0] if gone else None

    def standing_captures(self) -> list[Told]:
        """Give the charges that were made and have lasted."""
        return [one for one in self.successes(CAPTURE) if self.undoing(one) is None]

    def standing_refunds(self) -> list[Told]:
        """Give the refunds that were made and have lasted."""
        either = [one for one in self.successes(CANCEL_OR_REFUND) if one.action == "refund"]
        lasting = [one for one in self.successes(REFUND) if self.undoing(one) is None]
        return lasting + either

    def undoing(self, success: Told) -> Told | None:
        """Give the news that a success did not last; None if it has so far."""
        undoes = UNDONE_BY.get(success.event, frozenset())
        for one in self._told:
            if one.event in undoes and self._is_about(one, success):
                return one
        return None

    def _is_about(self, setback: Told, success: Told) -> bool:
        """Whether a setback means this success; one that names no success means the only one."""
        if _names(setback, success):
            return True
        same_kind = list(self.successes(success.event))
        return same_kind == [success] and setback.value in (0, success.value)


def _names(setback: Told, success: Told) -> bool:
    by_call = bool(setback.operation) and setback.operation == success.operation
    return by_call or success.psp_reference in (setback.psp_reference, setback.original_reference)
