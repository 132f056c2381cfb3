"""Who and what led to a change."""

from uuid import UUID

import pytest

from apps.kernel.cause import Cause

CORRELATION = UUID("01890000-0000-7000-8000-000000000001")


class TestCause:
    def test_starts_a_chain_that_nothing_came_before(self) -> None:
        cause = Cause(correlation_id=CORRELATION, actor="customer:1", region="eu-west-1")

        assert cause.causation_id is None
        assert cause.trace_context == ""

    def test_never_changes(self) -> None:
        cause = Cause(correlation_id=CORRELATION, actor="a", region="r")

        with pytest.raises(AttributeError):
            cause.actor = "somebody else"  # type: ignore[misc]  # the refusal is what is tested
