"""One story in two processes: a request that asks the database, and a forked worker that goes on.

Prints the trace context that the request would have given to an event.
"""

import os

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from opentelemetry import baggage, trace

from apps.platform.telemetry.tracing import (
    current_trace_context,
    span_from,
    start_tracing,
    stop_tracing,
)

RECORDED = "00-11111111111111111111111111111111-2222222222222222-01"
HOLDING_A_CARD = "00-00000000000000004000056655665556-2222222222222222-01"
UNRECORDED = "00-33333333333333333333333333333333-4444444444444444-00"


def place(request: HttpRequest, number: str) -> HttpResponse:
    """Accept an order, in a manner of speaking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS placed")
    return HttpResponse(current_trace_context())


def go_on(request: HttpRequest) -> HttpResponse:
    """Note on the span what its caller would have sent along to everybody whom we call."""
    trace.get_current_span().set_attribute("baggage", repr(dict(baggage.get_all())))
    return HttpResponse()


def work(trace_context: str) -> None:
    """Do what a worker does with a batch of events."""
    with span_from([UNRECORDED, trace_context, RECORDED], "drain payments", {"batch.size": 3}):
        with span_from(current_trace_context(), "stripe capture"):
            pass
        try:
            with span_from(current_trace_context(), "stripe refund"):
                raise TimeoutError("no answer about ann@shop.example")
        except TimeoutError:
            pass
        complain()


def complain() -> None:
    """Have a span as a library would make it, with an exception's own words."""
    try:
        with trace.get_tracer("library").start_as_current_span("library call"):
            raise LookupError("nobody is bob@shop.example")
    except LookupError:
        pass


urlpatterns = [
    path("orders/<str:number>", place),
    path("cards", go_on),
    path("callers", go_on),
]


def main() -> None:
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["*"]
    settings.MIDDLEWARE = ["apps.platform.telemetry.middleware.RequestTelemetry"]
    django.setup()
    start_tracing()
    client = Client()
    answer = client.get("/orders/4242424242424242").content.decode()
    added = {"tracestate": "shop=4000056655665556", "baggage": "card=4000056655665556"}
    client.get("/cards", headers={"traceparent": HOLDING_A_CARD, **added})
    client.get("/callers", headers={"traceparent": RECORDED, **added})
    print(answer)  # noqa: T201 - the test reads it
    connection.close()
    stop_tracing()
    child = os.fork()
    if child == 0:
        start_tracing()
        work(answer)
        stop_tracing()
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
