"""What is noted about a request."""

from collections.abc import Callable, MutableMapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch
from django.utils.functional import SimpleLazyObject
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from apps.platform.telemetry.logs import configure_structlog
from apps.platform.telemetry.middleware import RequestTelemetry, user_id_of
from apps.platform.telemetry.tracing import current_ids, current_trace_context

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ROUTE = "api/v1/orders/<uuid:order_id>"

Line = MutableMapping[str, Any]
Meanwhile = Callable[[HttpRequest], None]


def nothing(request: HttpRequest) -> None:
    """Do nothing while the request is being answered."""


def answer(
    request: HttpRequest, status: int = 200, meanwhile: Meanwhile = nothing, route: str = ROUTE
) -> tuple[HttpResponse, list[Line]]:
    """Send a request through the middleware to a view that answers with a status."""

    def view(request: HttpRequest) -> HttpResponse:
        if route:
            request.resolver_match = ResolverMatch(view, (), {}, route=route)
        meanwhile(request)
        return HttpResponse(status=status)

    configure_structlog()
    with capture_logs() as lines:
        response = cast("HttpResponse", RequestTelemetry(view)(request))
    return response, lines


class TestRequestLine:
    def test_tells_what_was_asked_and_how_it_went(self) -> None:
        request = RequestFactory().patch("/api/v1/orders/7?token=abc")

        _, (line,) = answer(request, 202)

        assert line.pop("duration_ms") >= 0
        assert line == {
            "event": "request answered",
            "log_level": "info",
            "method": "PATCH",
            "route": "/api/v1/orders/<uuid:order_id>",
            "path": "/api/v1/orders/7",
            "status": 202,
            "client": None,
        }

    def test_names_the_calling_program(self) -> None:
        def log_in(request: HttpRequest) -> None:
            request.user = cast("Any", SimpleNamespace(pk="service:shop", client_id="shop"))

        _, (line,) = answer(RequestFactory().get("/"), meanwhile=log_in)

        assert line["client"] == "shop"

    def test_is_an_error_when_the_server_failed(self) -> None:
        _, (line,) = answer(RequestFactory().get("/"), 503)

        assert (line["status"], line["log_level"]) == (503, "error")

    @pytest.mark.parametrize("route", ["health/live", "health/ready", "metrics"])
    def test_is_not_written_for_probes_that_go_well(self, route: str) -> None:
        assert answer(RequestFactory().get("/"), route=route)[1] == []
        assert len(answer(RequestFactory().get("/"), 503, route=route)[1]) == 1


class TestMetricsOfARequest:
    def counted(self, method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0

    def test_are_counted_by_route_and_not_by_path(self) -> None:
        before = self.counted("GET", f"/{ROUTE}", "404")

        answer(RequestFactory().get("/api/v1/orders/1"), 404)
        answer(RequestFactory().get("/api/v1/orders/2"), 404)

        assert self.counted("GET", f"/{ROUTE}", "404") == before + 2

    def test_do_not_grow_with_what_strangers_send(self) -> None:
        before = self.counted("OTHER", "unmatched", "404")

        answer(RequestFactory().generic("BREW", "/teapot/1"), 404, route="")

        assert self.counted("OTHER", "unmatched", "404") == before + 1


class TestContextOfARequest:
    def test_is_bound_meanwhile_and_cleared_afterwards(self) -> None:
        seen: list[object] = []

        def look(request: HttpRequest) -> None:
            seen.append(structlog.contextvars.get_contextvars()["request_id"])
            seen.append(current_ids()[0])

        structlog.contextvars.bind_contextvars(left_over="from an earlier request")
        request = RequestFactory().get(
            "/",
            headers={"X-Request-ID": "r-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"},
        )
        response, _ = answer(request, meanwhile=look)

        assert seen == ["r-1", TRACE]
        assert response["X-Request-ID"] == "r-1"
        assert structlog.contextvars.get_contextvars() == {}
        assert current_trace_context() == ""

    def test_is_cleared_after_a_crash(self) -> None:
        def crash(request: HttpRequest) -> None:
            raise RuntimeError

        with pytest.raises(RuntimeError):
            answer(RequestFactory().get("/"), meanwhile=crash)

        assert structlog.contextvars.get_contextvars() == {}
        assert current_trace_context() == ""


class TestUserIdOf:
    def test_names_the_principal_of_a_token(self) -> None:
        request = RequestFactory().get("/")
        request.user = cast("Any", SimpleNamespace(pk="customer:7"))

        assert user_id_of(request) == "customer:7"

    def test_never_loads_the_user_of_a_session(self) -> None:
        def load() -> AnonymousUser:
            raise AssertionError("asked the database")

        request = RequestFactory().get("/")
        request.user = cast("Any", SimpleLazyObject(load))

        assert user_id_of(request) is None

    def test_names_the_user_of_a_session_once_it_is_loaded(self) -> None:
        request = RequestFactory().get("/")
        request.user = cast("Any", SimpleLazyObject(lambda: SimpleNamespace(pk=3)))
        request.__dict__["_cached_user"] = SimpleNamespace(pk=3)

        assert user_id_of(request) == "3"

    def test_names_nobody(self) -> None:
        request = RequestFactory().get("/")
        assert user_id_of(request) is None
        request.user = AnonymousUser()
        assert user_id_of(request) is None
