"""Once per key, on a real database, with real commits and real rivals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.kernel.errors import DomainError
from apps.platform.idempotency.answering import Answer, answer_once, fingerprint_of, valid_key
from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.idempotency.purging import purge
from apps.platform.idempotency.refusals import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    RequestInFlight,
)
from tests.integration.idempotency.conftest import Elsewhere
from tests.waiting import any_session_waits_for_a_lock, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANSWER = Answer(status=202, body=b'{"id":1}', headers={"Location": "/orders/1"})


class Refused(DomainError):
    """The effect says no."""

    code = "test_refused"


def effect(name: str = "one", answer: Answer = ANSWER) -> Callable[[], Answer]:
    """Leave a group of that name behind, to be counted; any number may have the same."""

    def run() -> Answer:
        Group.objects.create(name=f"{name} {time.perf_counter_ns()}")
        return answer

    return run


def once(
    run: Callable[[], Answer],
    *,
    key: str = "k",
    client: str = "service:a",
    body: bytes = b"{}",
    now: datetime = NOW,
) -> Answer:
    return answer_once(
        client=client,
        key=key,
        fingerprint=fingerprint_of("POST", "/orders", body),
        now=now,
        effect=run,
    )


def effects() -> int:
    return Group.objects.count()


@contextmanager
def held_open(elsewhere: Elsewhere, *, commit: bool) -> Iterator[Event]:
    """Have a rival answer the key and not commit before the event is set."""
    answered, go_on = Event(), Event()

    def rival() -> None:
        with transaction.atomic():
            once(effect("rival"))
            answered.set()
            assert go_on.wait(60)
            if not commit:
                transaction.set_rollback(True)

    running = elsewhere.run(rival)
    assert answered.wait(60)
    try:
        yield go_on
    finally:
        go_on.set()
        running.result(60)


class TestAnswerOnce:
    def test_costs_one_statement_beyond_the_effect(self) -> None:
        with CaptureQueriesContext(connection) as captured:
            answer = once(effect())
        statements = [
            query["sql"].split()[0] for query in captured if query["sql"] not in ("BEGIN", "COMMIT")
        ]
        assert statements == ["INSERT", "INSERT"]
        assert answer == ANSWER

    def test_gives_the_same_answer_again_and_changes_nothing(self) -> None:
        once(effect())
        again = once(effect(answer=Answer(status=200, body=b"other")))
        assert again == Answer(
            status=202, body=b'{"id":1}', headers={"Location": "/orders/1"}, is_replay=True
        )
        assert effects() == 1

    def test_refuses_another_request_with_the_same_key(self) -> None:
        once(effect())
        with pytest.raises(IdempotencyKeyReused):
            once(effect(), body=b'{"other": true}')
        assert effects() == 1

    def test_gives_each_client_keys_of_its_own(self) -> None:
        assert not once(effect(), client="service:a").is_replay
        assert not once(effect(), client="service:b", body=b"other").is_replay
        assert effects() == 2

    def test_keeps_no_refusal(self) -> None:
        def refuse() -> Answer:
            effect()()
            raise Refused("No.")

        with pytest.raises(Refused):
            once(refuse)
        assert (effects(), IdempotencyRecord.objects.count()) == (0, 0)
        assert not once(effect(), body=b"now another body is fine").is_replay

    def test_keeps_no_answer_that_is_a_refusal(self) -> None:
        refusal = Answer(status=409, body=b"{}")
        assert once(effect(answer=refusal)) == refusal
        assert (effects(), IdempotencyRecord.objects.count()) == (0, 0)

    def test_replays_where_the_effect_refuses_because_it_has_happened(self) -> None:
        once(effect())

        def refuse() -> Answer:
            raise Refused("It is refunded already.")

        assert once(refuse).is_replay
        with pytest.raises(IdempotencyKeyReused):
            once(refuse, body=b"other")

    def test_replays_where_the_effect_runs_into_its_own_rows(self) -> None:
        def create() -> Answer:
            Group.objects.create(name="fixed")
            return ANSWER

        assert [once(create).is_replay for _ in range(3)] == [False, True, True]
        assert effects() == 1

    def test_takes_an_expired_key_for_new(self) -> None:
        once(effect())
        almost = NOW + timedelta(hours=24) - timedelta(microseconds=1)
        assert once(effect(), now=almost).is_replay
        later = NOW + timedelta(hours=24)
        assert not once(effect(), body=b"other", now=later).is_replay
        assert once(effect(), body=b"other", now=later).is_replay
        assert (effects(), IdempotencyRecord.objects.count()) == (2, 1)

    def test_runs_what_is_to_follow_the_commit_once(self) -> None:
        told: list[str] = []

        def tell() -> Answer:
            transaction.on_commit(lambda: told.append("told"))
            return ANSWER

        once(tell)
        once(tell)
        assert told == ["told"]

    def test_leaves_the_time_limits_of_its_transaction_as_they_were(self) -> None:
        with transaction.atomic():
            once(effect())
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                assert cursor.fetchone() == ("0",)

    def test_needs_a_key(self) -> None:
        with pytest.raises(IdempotencyKeyMissing):
            valid_key(None)

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\nb", "schlüssel", "\x7f"])
    def test_needs_a_key_of_plain_text(self, key: str) -> None:
        with pytest.raises(IdempotencyKeyInvalid):
            once(effect(), key=key)
        assert effects() == 0

    def test_accepts_a_key_of_255(self) -> None:
        assert once(effect(), key="x" * 255) == ANSWER


class TestRivals:
    def test_would_both_succeed_without_a_common_key(self, elsewhere: Elsewhere) -> None:
        attempts = [elsewhere.run(partial(once, effect(), key=str(n))) for n in range(8)]
        assert [attempt.result(10).is_replay for attempt in attempts] == [False] * 8
        assert effects() == 8

    def test_with_a_common_key_have_one_winner(self, patient: None, elsewhere: Elsewhere) -> None:
        attempts = [elsewhere.run(lambda: once(effect())) for _ in range(8)]
        answers = [attempt.result(10) for attempt in attempts]
        assert sorted(answer.is_replay for answer in answers) == [False] + [True] * 7
        assert {answer.body for answer in answers} == {b'{"id":1}'}
        assert effects() == 1

    def test_are_told_to_come_back_after_a_second(self, elsewhere: Elsewhere) -> None:
        with held_open(elsewhere, commit=True):
            began = time.perf_counter()
            with pytest.raises(RequestInFlight):
                once(effect("late"))
            assert 0.9 < time.perf_counter() - began < 10, "it did not wait for all of the rival"
        assert effects() == 1

    def test_wait_for_the_answer_that_comes_sooner(
        self, patient: None, elsewhere: Elsewhere
    ) -> None:
        with held_open(elsewhere, commit=True) as go_on:
            late = elsewhere.run(lambda: once(effect("late")))
            wait_until(any_session_waits_for_a_lock)
            assert not late.done()
            go_on.set()
            assert late.result(60).is_replay
        assert effects() == 1

    def test_take_over_from_one_that_gave_up(self, patient: None, elsewhere: Elsewhere) -> None:
        with held_open(elsewhere, commit=False) as go_on:
            late = elsewhere.run(lambda: once(effect("late")))
            wait_until(any_session_waits_for_a_lock)
            go_on.set()
            assert not late.result(60).is_replay
        assert [group.name.split()[0] for group in Group.objects.all()] == ["late"]

    def test_take_over_from_one_whose_connection_died(self, elsewhere: Elsewhere) -> None:
        answered, killed = Event(), Event()
        backends: list[int] = []

        def dying() -> None:
            with transaction.atomic():
                once(effect("dying"))
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    backends.append(cursor.fetchone()[0])
                answered.set()
                assert killed.wait(5)

        running = elsewhere.run(dying)
        assert answered.wait(5)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", backends)
        killed.set()
        with pytest.raises(OperationalError):
            running.result(5)
        assert (effects(), IdempotencyRecord.objects.count()) == (0, 0)
        assert not once(effect()).is_replay


class TestPurge:
    def test_deletes_what_has_expired_in_batches_and_nothing_else(self) -> None:
        for number in range(7):
            once(effect(), key=f"old {number}", now=NOW - timedelta(hours=25))
        once(effect(), key="new")
        assert purge(now=NOW, batch_size=3, max_batches=1) == 3
        assert purge(now=NOW, batch_size=3) == 4
        assert purge(now=NOW) == 0
        assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]
