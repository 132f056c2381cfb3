"""What every test may use."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import hypothesis
import pytest
import pytest_django
from django.db import connections
from django.test import TransactionTestCase

from apps.kernel.cause import Cause
from apps.platform import valkey
from apps.platform.outbox import wakeups
from tests.emptying import empty_tables
from tests.sessions import end_other_sessions

# How long an example takes, or is being made, says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

VALKEY_SECONDS = valkey.TIMEOUT_SECONDS
"""How long production waits for Valkey."""

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
def _no_proxy() -> Iterator[None]:
    """A proxy of the machine must not be asked for what is on the machine itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_PROXY", "127.0.0.1")
        environment.setenv("no_proxy", "127.0.0.1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient_with_valkey() -> Iterator[None]:
    """Wait for Valkey even where the machine is slow: who goes on without it counts otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey, "TIMEOUT_SECONDS", 10.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _rare_wake_ups() -> Iterator[None]:
    """Tell workers rarely that there is work: none listens to this process, and each telling costs a little."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wakeups._wake_ups, "_pause_seconds", 5.0)
        yield


@pytest.fixture
def impatient_with_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Valkey as production does, where it does not answer."""
    monkeypatch.setattr(valkey, "TIMEOUT_SECONDS", VALKEY_SECONDS)
    valkey.client.cache_clear()


@pytest.fixture
def rare_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a call that failed wait for 20 to 40 seconds: half of one may be over before it is looked at."""
    monkeypatch.setattr("apps.payments.services.gateway_rules.delay_seconds", lambda attempt: 40.0)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a provider that does not answer again at once."""
    monkeypatch.setattr("apps.payments.adapters.asking.FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """Make the database as ever; in the end no thread that keeps a session is in the way of its removal."""
    yield
    with django_db_blocker.unblock():
        end_other_sessions()


@pytest.fixture(scope="session", autouse=True)
def _empty_quickly() -> Iterator[None]:
    """Empty the database our way, and keep the session: a new one knows no table and has planned nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_tables())
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda self: _is_broken())
        yield


def _is_broken() -> bool:
    return any(one.errors_occurred for one in connections.all(initialized_only=True))
