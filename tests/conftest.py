"""What every test may use."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import TransactionTestCase

from apps.kernel.cause import Cause
from tests.emptying import empty_tables

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_cause(actor: str = "service:test") -> Cause:
    """Give the cause of a request."""
    return Cause(
        correlation_id=uuid.uuid4(), causation_id="request:test", actor=actor, region="test"
    )


@pytest.fixture
def cause() -> Cause:
    """The cause of a request."""
    return make_cause()


@pytest.fixture
def causes() -> Callable[[], Cause]:
    """Make causes of different requests."""
    return make_cause


@pytest.fixture(scope="session", autouse=True)
def _empty_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_tables())
        yield
