"""Requests to the simulated API: keys, faults, routes and answers."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from infra.simulators.calls import Calls
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.stripe.books import Books, new_name
from infra.simulators.stripe.forms import Form, read_form
from infra.simulators.stripe.objects import Answer, Event, Kept
from infra.simulators.stripe.refusals import Refusal
from infra.simulators.stripe.rendering import API_VERSION, Json, Rendering, failure_json

LONGEST_KEY = 255
_encode = msgspec.json.encode


@dataclass(slots=True, kw_only=True)
class Job:
    """One request on its way: what it wants, and the events that it brings about."""

    form: Form
    id: str
    key: str | None
    events: list[Event]


Operation = Callable[..., Answer]
"""Takes the job and the names in the path, and changes the books."""
Reading = Callable[..., Json]
"""Takes the form and the names in the path, and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path with names in it, and what to do there."""

    method: str
    path: re.Pattern[str]
    operation: Operation | None = None
    reading: Reading | None = None


def route(method: str, path: str, does: Operation | None, reads: Reading | None = None) -> Route:
    """Make a route; `{}` in the path stands for a name."""
    pattern = re.compile("^/v1/" + path.replace("{}", "([A-Za-z0-9_]+)") + "$")
    return Route(method=method, path=pattern, operation=does, reading=reads)


class RequestDesk:
    """Takes requests and sees that each idempotency key does its work once."""

    def __init__(
        self,
        *,
        routes: list[Route],
        books: Books,
        rendering: Rendering,
        mischief: Mischief,
    ) -> None:
        """Serve these routes."""
        self._routes = routes
        self._books = books
        self._rendering = rendering
        self._mischief = mischief
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
        headers = {"Request-Id": new_name("req"), "Stripe-Version": API_VERSION}
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        job = Job(form={}, id=headers["Request-Id"], key=key, events=events)
        if key:
            headers["Idempotency-Key"] = key
        try:
            self._mischief.before_anything()
            _check_authorization(request.headers)
            matching, names = self._find_route(request.method, path)
            text = request.body.decode() if request.method == "POST" else request.query
            job.form = read_form(text)
            if matching.reading is not None:
                await self._mischief.wait()
                self._mischief.before_work()
                found = matching.reading(job.form, *names)
                self._mischief.before_answer()
                return _response(200, found, headers)
            if matching.operation is None:
                raise ValueError("a route does or reads something")
            fingerprint = hashlib.sha256(f"{path}?{text}".encode()).hexdigest()
            answer, is_replayed = await self._once(
                job, fingerprint, partial(matching.operation, job, *names)
            )
        except Refusal as refusal:
            headers["Stripe-Should-Retry"] = (
                "true" if refusal.status in (409, 429, 503) else "false"
            )
            return _response(refusal.status, refusal.as_json(), headers)
        self._mischief.before_answer()
        if is_replayed:
            headers["Idempotent-Replayed"] = "true"
        return _response(answer.status, self.written(answer), headers)

    def written(self, answer: Answer) -> Json:
        """Write an answer as JSON."""
        if answer.error is not None:
            return answer.error
        shown = self._rendering.subject(answer.subject, answer.expand) if answer.subject else {}
        if answer.failure is None:
            return shown
        charge = {"charge": shown["latest_charge"]} if shown.get("latest_charge") else {}
        return {"error": {**failure_json(answer.failure), **charge, "payment_intent": shown}}

    async def _once(
        self, job: Job, fingerprint: str, operation: Callable[[], Answer]
    ) -> tuple[Answer, bool]:
        """Carry an operation out unless its key was answered before; says whether it was."""
        key = job.key
        if not key:
            await self._mischief.wait()
            answer = self._carry_out(operation)
            self._books.write()
            return answer, False
        if len(key) > LONGEST_KEY:
            raise Refusal(400, "Idempotency keys have at most 255 characters.")
        kept = self._books.kept_for(key)
        if kept is not None:
            if kept.fingerprint != fingerprint:
                raise Refusal(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they "
                    f"were first used with. Try using a key other than '{key}' if you meant to "
                    "execute a different request.",
                    kind="idempotency_error",
                )
            await self._mischief.wait()
            return kept.answer, True
        if key in self._in_flight:
            raise Refusal(
                409,
                "There is currently another in-progress request using this Idempotent Key "
                f"(that probably means you submitted twice, and the other request is still "
                f"going through): {key}.",
                code="idempotency_key_in_use",
                kind="idempotency_error",
            )
        self._in_flight.add(key)
        try:
            await self._mischief.wait()
            answer = self._carry_out(operation)
            self._books.keep(
                Kept(key=key, fingerprint=fingerprint, created=int(time.time()), answer=answer)
            )
            # With the work in one write: a kill in between would have the key do its work twice.
            self._books.write()
        finally:
            self._in_flight.discard(key)
        return answer, False

    def _carry_out(self, operation: Callable[[], Answer]) -> Answer:
        """Do the work, and turn what is refused in the middle of it into an answer."""
        try:
            self._mischief.before_work()
            answer = operation()
            self._mischief.after_work()
        except Refusal as refusal:
            if not refusal.is_kept:
                raise
            answer = Answer(status=refusal.status, error=refusal.as_json())
        return answer

    def _find_route(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        for one in self._routes:
            if one.method == method and (match := one.path.match(path)):
                return one, match.groups()
        raise Refusal(404, f"Unrecognized request URL ({method}: {path}).")


def _check_authorization(headers: Mapping[str, str]) -> None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith(("sk_", "rk_")):
        raise Refusal(401, "Invalid API Key provided.")


def _response(status: int, document: Json, headers: Mapping[str, str]) -> Response:
    return Response(
        status=status,
        body=_encode(document),
        content_type="application/json",
        headers=headers,
    )
