"""What is logged about events that fail names them, and can be found with all else of their story."""

import uuid

import pytest
import structlog
from django.db import transaction

from apps.kernel.cause import Cause
from apps.kernel.events.orders import OrderHeld
from apps.kernel.identifiers import OrderId
from apps.platform.outbox.draining import drain
from apps.platform.outbox.models import StoredEvent
from apps.platform.outbox.publishing import Fact, publish
from tests.integration.outbox.conftest import NAME, Listener, say
from tests.log_lines import Line, line_of, written_lines

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEY = OrderId(uuid.UUID("0198a000-0000-7000-8000-000000000001"))


@pytest.fixture
def lines(listener: Listener) -> list[Line]:
    """What is written while one of two stories fails."""
    assert listener.subscriber
    listener.fails = lambda event: event.order_id == KEY
    cause = Cause(
        correlation_id=uuid.uuid4(),
        causation_id="request:test",
        actor="service:test",
        region="test",
        trace_context=f"00-{TRACE}-00f067aa0ba902b7-01",
    )
    with transaction.atomic():
        publish([Fact(event=OrderHeld(order_id=KEY, reason="bad"), seq=1, cause=cause)])
    say(uuid.uuid4(), "good")
    with written_lines() as written:
        drain(listener.subscriber)
    return written


class TestLinesOfDelivery:
    def test_name_the_event_its_key_and_who_could_not_hear_it(self, lines: list[Line]) -> None:
        line = line_of(lines, "delivery_failed")
        event = StoredEvent.objects.get(key=KEY)
        assert (line["event_id"], line["key"]) == (event.event_id, str(KEY))
        assert line["subscriber"] == NAME

    def test_belong_to_the_trace_of_the_story(self, lines: list[Line]) -> None:
        assert line_of(lines, "delivery_failed")["trace_id"] == TRACE

    def test_say_how_many_failed_together(self, lines: list[Line]) -> None:
        line = line_of(lines, "batch_failed")
        assert (line["subscriber"], line["batch_size"]) == (NAME, 2)

    def test_of_a_handler_name_the_story_it_works_on_alone(self, listener: Listener) -> None:
        listener.fails = lambda event: (
            bool(structlog.get_logger("tests").warning("heard")) or (event.order_id == KEY)
        )
        say(KEY, "bad")
        assert listener.subscriber
        with written_lines() as lines:
            drain(listener.subscriber)
        together, alone = [line for line in lines if line["message"] == "heard"]
        assert "key" not in together
        assert (alone["key"], alone["subscriber"], alone["batch_size"]) == (str(KEY), NAME, 1)

    def test_name_nothing_once_the_story_is_over(self, lines: list[Line]) -> None:
        with written_lines() as after:
            structlog.get_logger("tests").warning("later")
        assert set(line_of(after, "later")) == {
            *("timestamp", "level", "service", "logger"),
            *("trace_id", "span_id", "user_id", "message"),
        }
        assert line_of(after, "later")["trace_id"] is None
