"""The base of every endpoint: it lets the right callers in and speaks JSON both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from apps.kernel.cause import Cause
from apps.kernel.clock import Clock, SystemClock
from apps.platform.telemetry.request_ids import identity_of
from apps.platform.web import ratelimits
from apps.platform.web.authentication import (
    TOKEN_INVALID,
    BearerAuthentication,
    authenticate,
)
from apps.platform.web.bodies import read_body, read_query
from apps.platform.web.principals import Principal
from apps.platform.web.problems import respond_to
from apps.platform.web.refusals import HttpRefusal, method_not_allowed
from apps.platform.web.responses import JsonResponse
from apps.platform.web.traces import trace_context_of

T = TypeVar("T")

FAILED_AUTHENTICATION: Final = "failed_authentication"
"""The entry of `OMS_RATE_LIMITS` that counts tokens that do not hold, by address."""

_METHODS: Final = ("get", "post", "put", "patch", "delete")


class ApiView(APIView):
    """An endpoint. A subclass names its scopes and writes `get`, `post` and so on.

    It is a view of Django REST Framework for the sake of the schema; requests pass by the
    framework's negotiation, parsers and request wrapper, which cost more than the work itself.

    Attributes:
        scopes: the scope each method needs, or one for all; no method may go without one.
        is_public: nobody is asked who they are (webhooks with a signature, health checks).
        limit_name: which entry of `OMS_RATE_LIMITS` counts; None for no limit.
        repeatable_methods: those that may be carried out twice without harm.
        clock: where the time of the request comes from.
        now: the time of the request; the one `now` of everything it does.
        principal: the caller.

    """

    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    authentication_classes = (BearerAuthentication,)
    permission_classes = ()

    scopes: ClassVar[str | Mapping[str, str]] = {}
    is_public: ClassVar[bool] = False
    limit_name: ClassVar[str | None] = "default"
    repeatable_methods: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD", "PUT", "DELETE"})
    clock: ClassVar[Clock] = SystemClock()

    now: datetime
    principal: Principal
    _verdict: ratelimits.Verdict | None = None

    def __init_subclass__(cls) -> None:
        """Refuse a class with a method that anybody could call, as soon as it is defined."""
        super().__init_subclass__()
        if cls.is_public or isinstance(cls.scopes, str):
            return
        open_methods = [
            method.upper()
            for method in _METHODS
            if hasattr(cls, method) and method.upper() not in cls.scopes
        ]
        if open_methods:
            raise ImproperlyConfigured(f"{cls.__qualname__}: no scope for {open_methods}")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the caller in, call the method, and answer any exception with a problem."""
        response: HttpResponseBase
        try:
            self._admit(request)
            response = self._handle(request, *args, **kwargs)
        except Exception as error:
            response = respond_to(request, error)
        if self._verdict is not None:
            for name, value in self._verdict.headers.items():
                response.headers[name] = value
        return response

    def _handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Call the method, a second time where the database had closed our connection meanwhile.

        Asking it before every request whether it is still there would cost each one a round trip.
        """
        handler = self._handler(request)
        try:
            return handler(request, *args, **kwargs)
        except (OperationalError, InterfaceError):
            if request.method not in self.repeatable_methods or connection.is_usable():
                raise
            connection.close()
            return handler(request, *args, **kwargs)

    def body(self, kind: type[T]) -> T:
        """Read the JSON body as a Struct; see `read_body` for what is refused."""
        return read_body(self.request, kind)

    def query(self, kind: type[T]) -> T:
        """Read the query parameters as a Struct; see `read_query` for what is refused."""
        return read_query(self.request.GET, kind)

    def json(
        self, content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> JsonResponse:
        """Answer with JSON; see `JsonResponse`."""
        return JsonResponse(content, status=status, headers=headers)

    @property
    def actor(self) -> str:
        """Name who calls; a public endpoint that knows better overrides it."""
        return "system:web" if self.is_public else self.principal.actor

    @property
    def cause(self) -> Cause:
        """Say who and what led to the changes of this request."""
        identity = identity_of(self.request)
        return Cause(
            correlation_id=identity.correlation_id,
            causation_id=f"request:{identity.request_id}",
            actor=self.actor,
            region=settings.OMS_REGION,
            trace_context=trace_context_of(self.request),
        )

    def get_authenticators(self) -> list[Any]:
        """Tell the schema who is let in; requests are checked without it."""
        return [] if self.is_public else super().get_authenticators()

    def _admit(self, request: HttpRequest) -> None:
        self.now = self.clock.now()
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS":
            return
        if self.is_public:
            self._count(_address_of(request), self.limit_name)
            return
        try:
            self.principal = principal = authenticate(request, self.now)
        except HttpRefusal as refusal:
            if refusal.code == TOKEN_INVALID:
                self._count(_address_of(request), FAILED_AUTHENTICATION)
            raise
        request.user = principal  # type: ignore[assignment]  # stands in for Django's user
        self._count(principal.actor, self.limit_name)
        scope = self.scopes if isinstance(self.scopes, str) else self.scopes.get(method)
        if scope is not None and not principal.may(scope):
            raise HttpRefusal(
                403,
                "scope_missing",
                f"The token does not have the scope {scope}.",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )

    def _count(self, client: str, limit_name: str | None) -> None:
        if limit_name is None:
            return
        self._verdict = ratelimits.admit(client=client, limit_name=limit_name, now=self.now)
        if self._verdict is not None and not self._verdict.is_allowed:
            raise HttpRefusal(429, "too_many_requests", "Too many requests; wait a moment.")

    def _handler(self, request: HttpRequest) -> Callable[..., HttpResponseBase]:
        method = (request.method or "").lower()
        if method == "options":
            return self._name_methods
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            raise method_not_allowed(request.method, self._allowed())
        return cast("Callable[..., HttpResponseBase]", handler)

    def _name_methods(self, *_: Any, **__: Any) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": self._allowed()})

    def _allowed(self) -> str:
        return ", ".join(self.allowed_methods)


def _address_of(request: HttpRequest) -> str:
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
