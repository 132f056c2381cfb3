"""Who and what led to a change."""

from dataclasses import FrozenInstanceError
from uuid import UUID

import pytest

from apps.kernel.cause import Cause

CORRELATION = UUID("01890000-0000-7000-8000-000000000001")


class TestCause:
    def test_starts_a_chain_that_nothing_came_before(self) -> None:
        cause = Cause(correlation_id=CORRELATION, actor="customer:1", region="eu-west-1")

        assert cause.causation_id is None
        assert cause.trace_context == ""

    def test_names_the_next_link_and_keeps_the_rest(self) -> None:
        start = Cause(
            correlation_id=CORRELATION, actor="customer:1", region="eu-west-1", trace_context="00-a"
        )

        assert start.leading_to("event-9") == Cause(
            correlation_id=CORRELATION,
            causation_id="event-9",
            actor="customer:1",
            region="eu-west-1",
            trace_context="00-a",
        )
        assert start.causation_id is None

    def test_can_continue_with_a_newer_span_or_none(self) -> None:
        start = Cause(correlation_id=CORRELATION, actor="a", region="r", trace_context="00-a")

        assert start.leading_to("event-9", trace_context="00-b").trace_context == "00-b"
        assert start.leading_to("event-9", trace_context="").trace_context == ""

    def test_never_changes(self) -> None:
        cause = Cause(correlation_id=CORRELATION, actor="a", region="r")

        with pytest.raises(FrozenInstanceError):
            cause.actor = "somebody else"  # type: ignore[misc]  # the refusal is what is tested
