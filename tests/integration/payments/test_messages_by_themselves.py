"""A batch of messages that fails: each is tried by itself, and what is said of it in the end."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import structlog
from django.db import connection
from django.utils import timezone
from msgspec import to_builtins

from apps.payments.domain.disputes import DisputeState
from apps.payments.models import ProviderMessageRecord
from apps.payments.ports import DisputeNews
from apps.payments.services.give_up_message import give_up_message
from apps.payments.services.handle_messages import handle_messages
from tests.integration.payments.story import captured, message

pytestmark = pytest.mark.django_db(transaction=True)

NO_TWO_AT_ONCE = """
CREATE FUNCTION refuse_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM changed) > 1 THEN
        RAISE EXCEPTION 'two at once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_two_at_once AFTER UPDATE ON payments_providermessagerecord
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_two();
"""
END_OF_THAT = """
DROP TRIGGER no_two_at_once ON payments_providermessagerecord;
DROP FUNCTION refuse_two();
"""


@pytest.fixture
def no_two_at_once() -> Iterator[None]:
    """Let no statement write more than one message, so that a batch fails and each of it does not."""
    with connection.cursor() as cursor:
        cursor.execute(NO_TWO_AT_ONCE)
    yield
    with connection.cursor() as cursor:
        cursor.execute(END_OF_THAT)


@pytest.fixture
def kept() -> dict[str, ProviderMessageRecord]:
    """Three messages that are in order, with their payment."""
    now = timezone.now()
    payment = captured(now)
    return {name: message(payment, now, event_id=name) for name in ("one", "two", "three")}


def spoil(record: ProviderMessageRecord) -> None:
    """Have a message tell of a dispute that no ledger takes."""
    record.dispute = to_builtins(
        DisputeNews(reference="du_1", state=DisputeState.OPENED, amount_minor=-5, reason="")
    )
    record.save()


def said() -> tuple[int, list[tuple[str, str]]]:
    """Handle what is due; gives how many that were, and what is logged of failures, by which error."""
    with structlog.testing.capture_logs() as lines:
        count = handle_messages(now=timezone.now())
    failures = [
        (one["event"], type(one["exc_info"]).__name__)
        for one in lines
        if one["event"] in ("message_failed", "messages_failed_together")
    ]
    return count, failures


def before_statement(statement: str, deed: Callable[[], object]) -> AbstractContextManager[None]:
    """Do something in another session just before the first statement that begins like this."""
    done: list[object] = []

    def apart() -> object:
        try:
            return deed()
        finally:
            connection.close()

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(statement) and not done:
            done.append(None)
            with ThreadPoolExecutor(1) as thread:
                done.append(thread.submit(apart).result())
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


class TestABatchThatFails:
    @pytest.mark.usefixtures("no_two_at_once")
    def test_says_so_where_each_could_be_handled(
        self, kept: dict[str, ProviderMessageRecord]
    ) -> None:
        assert said() == (3, [("messages_failed_together", "IntegrityError")])
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()

    @pytest.mark.usefixtures("no_two_at_once")
    def test_says_so_beside_one_that_fails_for_another_reason(
        self, kept: dict[str, ProviderMessageRecord]
    ) -> None:
        spoil(kept["two"])
        count, failures = said()
        assert (count, sorted(failures)) == (
            3,
            [("message_failed", "NoSuchAmount"), ("messages_failed_together", "IntegrityError")],
        )

    def test_is_explained_by_one_that_fails_for_that_reason(
        self, kept: dict[str, ProviderMessageRecord]
    ) -> None:
        spoil(kept["two"])
        assert said() == (3, [("message_failed", "NoSuchAmount")])

    def test_is_left_to_another_worker_that_has_the_bad_one_by_now(
        self, kept: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = kept["two"]
        spoil(bad)

        with psycopg.connect(**connection.get_connection_params()) as other:

            def hold() -> object:
                return other.execute(
                    "SELECT 1 FROM payments_providermessagerecord WHERE id = %s FOR UPDATE",
                    [bad.id],
                )

            # It comes between the batch, which has failed, and the tries one by one.
            with before_statement('SELECT "payments_providermessagerecord"."id" ', hold):
                # As many as were due, of which two were tried: whoever works off whole batches goes on.
                assert said() == (3, [])

        bad.refresh_from_db()
        assert (bad.attempts, bad.failure) == (0, "")


class TestOneThatFailed:
    def test_stays_given_up_where_somebody_did_so_meanwhile(
        self, kept: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = kept["two"]
        spoil(bad)
        said()
        bad.refresh_from_db()
        ProviderMessageRecord.objects.update(next_at=timezone.now() - timedelta(seconds=1))

        def give_up() -> object:
            return give_up_message(message_id=bad.id, now=timezone.now())

        with before_statement('UPDATE "payments_providermessagerecord" SET', give_up):
            assert said() == (1, [])
        attempts = bad.attempts
        bad.refresh_from_db()
        assert bad.given_up_at is not None
        assert (bad.handled_at, bad.attempts) == (bad.given_up_at, attempts)
