"""What the control addresses of all simulated providers have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from infra.simulators.calls import Calls
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response


class AttemptLine(Struct, frozen=True, kw_only=True):
    """One attempt to pay in the books, in the provider's units."""

    status: str
    amount: int
    captured: int
    refunded: int
    is_live_authorization: bool
    refunds: list[str]


class PaymentLine(Struct, frozen=True, kw_only=True):
    """All that the books hold for one payment of ours, in the provider's units.

    `disputed` is what customers' banks hold until it is decided, `lost` what they have taken back, and
    `disputes` how each dispute stands by its name: open, won or lost.
    """

    payment_id: str
    order_id: str
    currency: str
    live_authorizations: int
    authorized: int
    captured: int
    refunded: int
    disputed: int = 0
    lost: int = 0
    disputes: dict[str, str] = {}


class Controlled(Protocol):
    """Something else that can be controlled, until it is ended."""

    def take(self, request: Request, name: str) -> Response | None:
        """Answer a request for `_{name}`; None where it is for something else."""

    def end(self) -> None:
        """Go back to how it was in the beginning."""


class Controls:
    """Answers what can be asked of every simulated provider, by this machine only."""

    def __init__(
        self,
        *,
        mischief: Mischief,
        calls: Calls,
        list_payments: Callable[[Mapping[str, str]], Sequence[PaymentLine]],
        forget_all: Callable[[], None],
        more: "Controlled",
    ) -> None:
        """Take the faults, the count of calls, how to read and to empty the books, and more controls."""
        self._more = more
        self._mischief = mischief
        self._calls = calls
        self._list_payments = list_payments
        self._forget_all = forget_all

    def take(self, request: Request, name: str) -> Response | None:
        """Answer a request for `_{name}`; None where it is nothing that all have in common."""
        if not request.is_local:
            return refused(403, "Only this machine may ask that.")
        match request.method, name:
            case "GET" | "POST" | "DELETE", "faults":
                return self._faults(request)
            case "GET", "books":
                return as_json({"payments": self._list_payments(query_of(request))})
            case "GET" | "DELETE", "calls":
                if request.method == "DELETE":
                    self._calls.forget_all()
                return as_json(self._calls.shown())
            case "POST", "reset":
                self._forget_all()
                self._mischief.end()
                self._more.end()
                self._calls.forget_all()
                return as_json({"reset": True})
            case _:
                return self._more.take(request, name)

    def _faults(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                self._mischief.change(request.body)
            elif request.method == "DELETE":
                self._mischief.end()
        except msgspec.MsgspecError as error:
            return refused(400, str(error))
        return as_json(self._mischief.faults)


def query_of(request: Request) -> dict[str, str]:
    """Read a query without anything encoded in it."""
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    return {name: value for name, _, value in pairs}


def as_json(document: Any) -> Response:
    """Answer with a document."""
    return Response(body=msgspec.json.encode(document), content_type="application/json")


def refused(status: int, why: str) -> Response:
    """Answer that it cannot be."""
    return Response(
        status=status,
        body=msgspec.json.encode({"error": why}),
        content_type="application/json",
    )
