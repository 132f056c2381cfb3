"""Requests to the simulated API: tokens, keys, faults, routes and answers."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from apps.kernel.decoding import decode
from infra.simulators.calls import Calls
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.paypal.books import Books, new_name
from infra.simulators.paypal.objects import Change, Event, Kept, Order, Shown
from infra.simulators.paypal.refusals import Refusal, missing, mocked
from infra.simulators.paypal.rendering import RESOURCE_TYPES, Rendering
from infra.simulators.paypal.tokens import Tokens

LONGEST_KEY = 108
_encode = msgspec.json.encode


class _Mock(Struct, frozen=True):
    mock_application_codes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer: an order as it stands, and what of it is shown."""

    order: Order
    shown: Shown


Operation = Callable[..., Change]
"""Takes the request's body and the names in the path, and says what changes."""
Reading = Callable[..., Found]
"""Takes the names in the path, and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path with names in it, and what to do there.

    A change is answered with `status`, a repeat of one with `repeat_status`. A body that contains
    `needs_key_for` needs a key; a silent route says nothing unless it is asked for everything.
    """

    method: str
    path: re.Pattern[str]
    operation: Operation | None = None
    reading: Reading | None = None
    status: int = 201
    repeat_status: int = 201
    needs_key_for: str = ""
    is_silent: bool = False


def change(
    path: str,
    operation: Operation,
    *,
    status: int = 201,
    repeat_status: int = 201,
    needs_key_for: str = "",
    is_silent: bool = False,
) -> Route:
    """Make a route that changes something; `{}` in the path stands for a name."""
    return Route(
        method="POST",
        path=_pattern(path),
        operation=operation,
        status=status,
        repeat_status=repeat_status,
        needs_key_for=needs_key_for,
        is_silent=is_silent,
    )


def show(path: str, reading: Reading) -> Route:
    """Make a route that shows something; `{}` in the path stands for a name."""
    return Route(method="GET", path=_pattern(path), reading=reading)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("^/v2/" + path.replace("{}", "([A-Z0-9]+)") + "$")


class RequestDesk:
    """Takes requests and sees that each key does its work once."""

    def __init__(
        self,
        *,
        routes: list[Route],
        books: Books,
        rendering: Rendering,
        mischief: Mischief,
        tokens: Tokens,
    ) -> None:
        """Serve these routes."""
        self._routes = routes
        self._books = books
        self._rendering = rendering
        self._mischief = mischief
        self._tokens = tokens
        self._in_flight: set[str] = set()
        self.calls = Calls()

    async def take(self, request: Request, path: str, events: list[Event]) -> Response:
        """Answer a request, and add the events that it brought about to `events`.

        Raises:
            CutConnection: a fault wants no answer.
        """
        with self.calls.counted():
            return await self._take(request, path, events)

    async def _take(self, request: Request, path: str, events: list[Event]) -> Response:
        try:
            self._mischief.before_anything()
            if path == "/v1/oauth2/token" and request.method == "POST":
                # Tokens fail with the whole service only: a lost one would hide what is to be seen.
                return _json(200, self._tokens.grant(request))
            self._tokens.insist(request.headers)
            matching, names = self._find_route(request.method, path)
            _insist_on_no_mock(request.headers)
            answer = await self._answer(request, matching, names, path, events)
            self._mischief.before_answer()
        except Refusal as refusal:
            return _json(refusal.status, refusal.as_json())
        return answer

    def record(self, change: Change, *, kept: Kept | None = None) -> list[Event]:
        """Put a change into the books; gives the events of it."""
        events = [self._event(change, one) for one in change.events]
        self._books.record(change.order, events, kept=kept)
        return events

    def _event(self, change: Change, event_type: str) -> Event:
        about = change.shown
        if event_type.startswith("PAYMENT.AUTHORIZATION."):
            # Also where the answer shows the order that was authorised.
            about = Shown(kind="authorization", name="")
        return Event(
            id=f"WH-{new_name()}-{new_name()}",
            type=event_type,
            resource_type=RESOURCE_TYPES.get(about.kind, about.kind),
            created=int(time.time()),
            resource=self._rendering.shown(change.order, about),
        )

    async def _answer(
        self,
        request: Request,
        matching: Route,
        names: tuple[str, ...],
        path: str,
        events: list[Event],
    ) -> Response:
        if matching.reading is not None:
            await self._mischief.wait()
            self._mischief.before_work()
            found = matching.reading(*names)
            return self._written(200, found.order, found.shown, request, matching)
        if matching.operation is None:
            raise ValueError("a route does or reads something")
        key = self._key_of(request, matching, path)
        kept = self._books.kept_for(key) if key else None
        if kept is not None:
            await self._mischief.wait()
            order = self._order_of(kept.shown)
            return self._written(matching.repeat_status, order, kept.shown, request, matching)
        if key and key in self._in_flight:
            raise Refusal(409, "PREVIOUS_REQUEST_IN_PROGRESS")
        self._in_flight.add(key)
        try:
            await self._mischief.wait()
            self._mischief.before_work()
            change = matching.operation(request.body, *names)
            shown = change.shown
            remembered = Kept(key=key, created=int(time.time()), shown=shown) if key else None
            events += self.record(change, kept=remembered)
            self._mischief.after_work()
        finally:
            self._in_flight.discard(key)
        return self._written(matching.status, change.order, shown, request, matching)

    def _key_of(self, request: Request, matching: Route, path: str) -> str:
        """Give the key, which counts for one path; a request without one is never a repeat."""
        key = request.headers.get("paypal-request-id", "")
        if len(key) > LONGEST_KEY:
            raise Refusal(400, "INVALID_STRING_LENGTH", field="PayPal-Request-Id")
        if not key and matching.needs_key_for and matching.needs_key_for.encode() in request.body:
            raise Refusal(400, "PAYPAL_REQUEST_ID_REQUIRED")
        return f"{path} {key}" if key else ""

    def _order_of(self, shown: Shown) -> Order:
        order = (
            self._books.orders.get(shown.name)
            if shown.kind == "order"
            else self._books.order_with(shown.name)
        )
        if order is None:
            raise missing()
        return order

    def _written(
        self, status: int, order: Order, shown: Shown, request: Request, matching: Route
    ) -> Response:
        in_full = request.method == "GET" or "return=representation" in request.headers.get(
            "prefer", ""
        )
        if matching.is_silent and not in_full:
            return Response(status=204)
        return _json(status, self._rendering.shown(order, shown, in_full=in_full))

    def _find_route(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        for one in self._routes:
            if one.method == method and (match := one.path.match(path)):
                return one, match.groups()
        raise missing()


def _insist_on_no_mock(headers: Mapping[str, str]) -> None:
    """Fail as a caller wishes who tests how it takes failures."""
    wanted = headers.get("paypal-mock-response")
    if not wanted:
        return
    try:
        mock = decode(wanted, _Mock)
    except msgspec.MsgspecError as error:
        raise Refusal(400, "INVALID_PARAMETER_VALUE", field="PayPal-Mock-Response") from error
    raise mocked(mock.mock_application_codes)


def _json(status: int, document: Mapping[str, object]) -> Response:
    return Response(
        status=status,
        body=_encode(document),
        content_type="application/json",
        headers={"Paypal-Debug-Id": new_name().lower()},
    )
