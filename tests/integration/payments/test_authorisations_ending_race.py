"""A charge that is recorded while the watch over authorisations looks: it is left to that charge."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services import watch_authorisations as watching
from apps.payments.services.start_payments import capture_payments
from apps.payments.services.watch_authorisations import watch_authorisations
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, authorizing, hear
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

TURNSTILE = 7_421_866
"""An advisory lock that stops the look of the watch between what it sees and what it locks."""


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime, settings: Any) -> Payment:
    """An authorisation that is about to run out, to be renewed then."""
    settings.OMS_AUTHORISATION_ENDING = "renew"
    began = now - timedelta(days=6)
    _, operation = authorizing(began)
    return hear(operation, DONE, began)


def stop_at_the_turnstile(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """Have the look wait once PostgreSQL has decided what it can see, and before it locks a row.

    A scalar sub-select is worked out within the statement, after its snapshot was taken.
    """
    if "SKIP LOCKED" in sql and "authorized_until" in sql:
        turnstile = f"(SELECT pg_advisory_xact_lock_shared({TURNSTILE})) IS NOT NULL"
        sql = sql.replace(" WHERE ", f" WHERE {turnstile} AND ", 1)
    return execute(sql, params, many, context)


def watch(now: datetime, due: list[int]) -> None:
    try:
        with connection.execute_wrapper(stop_at_the_turnstile):
            due.append(watch_authorisations(now=now))
    finally:
        connection.close()


def watch_stands_at_the_turnstile() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND objid = %s)",
            [TURNSTILE],
        )
        return bool(cursor.fetchone()[0])


def charge_while_the_watch_looks(payment: Payment, now: datetime) -> list[str]:
    """Record a charge after the watch has seen none; gives the kinds of the calls that are open then."""
    due: list[int] = []
    watcher = threading.Thread(target=watch, args=(now, due))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURNSTILE])
        watcher.start()
        wait_until(watch_stands_at_the_turnstile)
        # Locks the payment and leaves its row as it is, so that the look finds it free and unchanged.
        capture_payments(causes={payment.order_id: make_cause()}, now=now)
    watcher.join(10)
    assert due == [1]
    kinds = PaymentOperation.objects.filter(state__in=OPEN_STATES).values_list("kind", flat=True)
    return sorted(kinds)


class TestAChargeRecordedWhileTheWatchLooks:
    def test_is_found_once_the_payment_is_locked(self, payment: Payment, now: datetime) -> None:
        assert charge_while_the_watch_looks(payment, now) == ["capture"]
        steps = list(Payment.objects.get().history.values_list("what", flat=True))
        assert "Renewal asked for, as the authorisation runs out soon" not in steps

    def test_would_be_passed_over_if_the_watch_did_not_look_again(
        self, payment: Payment, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "lock_open_operations", lambda payments: {})
        assert charge_while_the_watch_looks(payment, now) == ["capture", "renew"]
