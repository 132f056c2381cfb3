"""Requests of one moment, answered in one transaction: the rules are those of each alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.kernel.errors import DomainError
from apps.platform.idempotency.answering import Answer, answer_once, fingerprint_of
from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.idempotency.refusals import IdempotencyKeyReused
from apps.platform.idempotency.together import Attempt, Draft, Together
from tests.integration.idempotency.conftest import Elsewhere
from tests.waiting import any_session_waits_for_a_lock, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CROWD = 20


class Refused(DomainError):
    """The name is not wanted."""

    code = "test_refused"


class Groups:
    """Makes groups by name: refuses `no`, fails at `broken`, and can be held at its first step."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go_on = Event()
        self.has_begun = Event()
        self.together: Together[str, str] = Together(draft=self.draft, write=self.write)

    def draft(self, names: Sequence[str]) -> list[Draft[str] | DomainError]:
        self.batches.append(len(names))
        self.has_begun.set()
        assert self.go_on.wait(60)
        return [
            Refused("No.")
            if name == "no"
            else Draft(answer=Answer(status=202, body=name.encode()), rows=name)
            for name in names
        ]

    def write(self, names: Sequence[str]) -> None:
        for name in names:
            Group.objects.create(name=f"{name} {time.perf_counter_ns()}")
        if "broken" in names:
            raise ArithmeticError

    def ask(self, name: str, *, key: str | None = None, now: datetime = NOW) -> Answer:
        return self.together.answer(
            Attempt(
                client="service:a",
                key=key or name,
                fingerprint=fingerprint_of("POST", "/groups", name.encode()),
                now=now,
                asked=name,
            )
        )

    def names(self) -> list[str]:
        return sorted(group.name.split()[0] for group in Group.objects.all())


@pytest.fixture
def groups() -> Iterator[Groups]:
    groups = Groups()
    yield groups
    groups.go_on.set()


@pytest.fixture
def alone(groups: Groups) -> Groups:
    """Nobody waits for anybody."""
    groups.go_on.set()
    return groups


def in_one_go(
    groups: Groups, elsewhere: Elsewhere, asked: Sequence[tuple[str, str]]
) -> list[Future[Answer]]:
    """Ask for (name, key) while somebody else's request is under way."""
    first = elsewhere.run(lambda: groups.ask("first"))
    assert groups.has_begun.wait(10)
    answers = [elsewhere.run(partial(groups.ask, name, key=key)) for name, key in asked]
    wait_until(lambda: len(groups.together._gathering._waiting) == len(asked))
    groups.go_on.set()
    first.result(10)
    return answers


class TestTogether:
    def test_answers_a_crowd_in_two_transactions(
        self, groups: Groups, elsewhere: Elsewhere
    ) -> None:
        names = [f"group{number:02}" for number in range(CROWD)]
        answers = in_one_go(groups, elsewhere, [(name, name) for name in names])
        assert [answer.result(10) for answer in answers] == [
            Answer(status=202, body=name.encode()) for name in names
        ]
        assert groups.batches == [1, CROWD]
        assert groups.names() == sorted([*names, "first"])
        assert IdempotencyRecord.objects.count() == CROWD + 1

    def test_takes_effect_once_for_one_key_in_a_crowd(
        self, groups: Groups, elsewhere: Elsewhere
    ) -> None:
        answers = [one.result(10) for one in in_one_go(groups, elsewhere, [("x", "k")] * 5)]
        assert {answer.body for answer in answers} == {b"x"}
        assert sorted(answer.is_replay for answer in answers) == [False, True, True, True, True]
        assert groups.names() == ["first", "x"]

    def test_refuses_one_and_answers_the_others(self, groups: Groups, elsewhere: Elsewhere) -> None:
        yes, no = in_one_go(groups, elsewhere, [("yes", "yes"), ("no", "no")])
        assert yes.result(10).body == b"yes"
        with pytest.raises(Refused):
            no.result(10)
        assert groups.names() == ["first", "yes"]

    def test_lets_a_failure_spoil_nobody_elses_request(
        self, groups: Groups, elsewhere: Elsewhere
    ) -> None:
        broken, fine = in_one_go(groups, elsewhere, [("broken", "broken"), ("fine", "fine")])
        assert fine.result(10).body == b"fine"
        with pytest.raises(ArithmeticError):
            broken.result(10)
        assert groups.names() == ["fine", "first"]

    def test_gives_the_first_answer_again(self, alone: Groups) -> None:
        first, second = alone.ask("x"), alone.ask("x")
        assert (first.is_replay, second.is_replay) == (False, True)
        assert first.body == second.body
        with pytest.raises(IdempotencyKeyReused):
            alone.ask("y", key="x")
        assert alone.names() == ["x"]

    def test_knows_the_keys_of_requests_that_were_answered_alone(self, alone: Groups) -> None:
        answer_once(
            client="service:a",
            key="k",
            fingerprint=fingerprint_of("POST", "/groups", b"x"),
            now=NOW,
            effect=lambda: Answer(status=202, body=b"\x00 bytes as they are", headers={"A": "b"}),
        )
        again = alone.ask("x", key="k")
        assert (again.body, again.headers) == (b"\x00 bytes as they are", {"A": "b"})
        assert alone.names() == []

    def test_takes_an_expired_key_for_a_new_one(self, alone: Groups) -> None:
        alone.ask("x")
        assert not alone.ask("x", now=NOW + timedelta(days=1, seconds=1)).is_replay
        assert alone.names() == ["x", "x"]

    def test_costs_one_statement_beyond_reading_and_writing(self, alone: Groups) -> None:
        with CaptureQueriesContext(connection) as captured:
            alone.ask("x")
        statements = [query["sql"].split()[0] for query in captured]
        assert statements == ["BEGIN", "INSERT", "INSERT", "COMMIT"]

    def test_waits_for_a_rival_in_another_process(
        self, alone: Groups, patient: None, elsewhere: Elsewhere
    ) -> None:
        """A gathering of its own stands in for another process."""
        rival, answered, go_on = Groups(), Event(), Event()
        rival.go_on.set()

        def hold() -> None:
            with transaction.atomic():
                rival.ask("x")
                answered.set()
                assert go_on.wait(60)

        holding = elsewhere.run(hold)
        assert answered.wait(10)
        waiting = elsewhere.run(lambda: alone.ask("x"))
        wait_until(any_session_waits_for_a_lock)
        go_on.set()
        holding.result(60)
        assert waiting.result(60).is_replay
        assert alone.names() == ["x"]
