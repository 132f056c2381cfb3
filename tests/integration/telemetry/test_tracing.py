"""One trace through a request, the database, a worker in another process, and a provider."""

from dataclasses import dataclass

import pytest
from pytest_django import DjangoDbBlocker

from tests.integration.telemetry.collector import Collector
from tests.integration.telemetry.telling import tell

OTHER_TRACE, UNRECORDED_TRACE = "1" * 32, "3" * 32

pytestmark = pytest.mark.django_db(transaction=True)


def tell_story(**variables: str) -> str:
    """Run the story; gives the trace context of its request."""
    return tell("traced_story.py", variables)


@dataclass(frozen=True)
class Told:
    """What a story that was told once gave: the trace context of its request, and its spans."""

    trace_context: str
    collector: Collector


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Told:
    """Tell the story once for all who look at what it sent: it takes two processes."""
    with django_db_blocker.unblock(), Collector() as collector:
        return Told(tell_story(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint), collector)


class TestTracing:
    def test_follows_a_story_through_processes(self, told: Told) -> None:
        trace_context, collector = told.trace_context, told.collector
        trace_id = trace_context[3:35]
        request = collector.named("GET orders/<str:number>")
        worker = collector.named("drain payments")
        capture = collector.named("stripe capture")
        assert trace_context == f"00-{trace_id}-{request.span_id}-01"
        assert request.parent_id == ""
        assert worker.parent_id == request.span_id
        assert capture.parent_id == worker.span_id
        queries = [
            span
            for span in collector.spans
            if span.attributes.get("db.statement") == "SELECT 1 AS placed"
        ]
        assert [query.parent_id for query in queries] == [request.span_id]
        story = [request, worker, capture, *queries]
        assert {span.trace_id for span in story} == {trace_id}
        assert {span.service for span in story} == {"oms-test"}

    def test_links_the_other_events_of_a_batch(self, told: Told) -> None:
        assert told.collector.named("drain payments").links == (OTHER_TRACE, UNRECORDED_TRACE)

    def test_tells_which_calls_to_providers_failed_and_no_more(self, told: Told) -> None:
        capture = told.collector.named("stripe capture")
        refund = told.collector.named("stripe refund")
        assert (capture.is_error, refund.is_error) == (False, True)
        assert refund.attributes["error.type"] == "TimeoutError"

    def test_hides_secrets_in_what_it_sends(self, told: Told) -> None:
        sent = repr(told.collector.spans)
        assert "/orders/[card]" in sent
        assert "4242424242424242" not in sent
        assert "ann@shop.example" not in sent
        assert told.collector.named("library call").words == (
            "LookupError: nobody is [email]",
            "nobody is [email]",
        )

    def test_goes_on_with_a_callers_trace_that_holds_no_card(self, told: Told) -> None:
        held, gone_on_with = map(told.collector.named, ("GET cards", "GET callers"))
        assert (held.parent_id, gone_on_with.parent_id) == ("", "2" * 16)
        assert "4000056655665556" not in held.trace_id
        assert gone_on_with.trace_id == OTHER_TRACE

    def test_takes_nothing_that_callers_add_to_their_trace(self, told: Told) -> None:
        request = told.collector.named("GET callers")
        assert (request.trace_state, request.attributes["baggage"]) == ("", "{}")
        assert "4000056655665556" not in repr(told.collector.spans)

    def test_keeps_the_share_of_traces_it_was_told_to(self) -> None:
        with Collector() as collector:
            trace_context = tell_story(
                OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, OTEL_TRACES_SAMPLER_ARG="0"
            )

        assert trace_context.endswith("-00")
        assert {span.trace_id for span in collector.spans} == {OTHER_TRACE}

    def test_does_without_a_collector(self) -> None:
        assert tell_story()[:3] == "00-"

    def test_delays_nobody_when_the_collector_is_away(self) -> None:
        # What waits for the exporter's own time limit takes 30 seconds more in each of the two processes.
        told = tell(
            "traced_story.py",
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
            within_seconds=30,
        )

        assert told[:3] == "00-"
