"""Answers of providers are written down, while the next calls are under way where more is due than places are."""

import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.db import connection, transaction
from django_fsm import TransitionNotAllowed
from pytest_django import Settings

from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Done, Heard
from apps.payments.services import recording
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.dispatch_operations import gate_named
from apps.payments.services.recording import WRITERS, EndedCall, Recorder
from apps.platform import valkey
from apps.platform.resilience.gate import Lease
from tests.integration.shop import dispatch_all, drain_all, place, stock
from tests.log_lines import Line, line_of, written_lines
from tests.sessions import end_other_sessions
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two_places(settings: Settings) -> Iterator[None]:
    """A gate that lets two calls at once pass."""
    settings.OMS_GATEWAY_CONCURRENCY = 2
    valkey.client().flushdb()
    gate_named.cache_clear()
    yield
    gate_named.cache_clear()
    valkey.client().flushdb()


def due(count: int) -> None:
    """Have so many calls due at the sandbox's gate."""
    sku = f"SKU-{uuid.uuid4().hex[:8]}"
    stock({sku: {"BER": count}})
    for _ in range(count):
        place([(sku, 1)])
    drain_all()
    assert PaymentOperation.objects.filter(state="pending").count() >= count


def sessions() -> int:
    """Count who is connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def states() -> list[str]:
    return list(PaymentOperation.objects.order_by("id").values_list("state", flat=True))


def ended_call() -> EndedCall:
    [claimed] = claim_operations(gate="sandbox", at_most=1)
    return EndedCall(
        claimed=claimed,
        lease=cast("Lease", None),
        result=Done(reference="sbx_1", authorization="sbx_1"),
        heard=Heard.ANSWER,
    )


def ids(*calls: EndedCall) -> list[str]:
    return [str(one.claimed.call.operation_id) for one in calls]


def lost(lines: list[Line]) -> list[str]:
    """Give the calls that the only line of its kind names."""
    named: list[str] = line_of(lines, "answers_not_recorded")["operation_ids"]
    return named


class TestMoreThanPlaces:
    def test_is_all_made_and_written_down_on_return(self, two_places: None) -> None:
        due(7)
        assert dispatch_all() == 7
        assert states() == ["succeeded"] * 7

    def test_takes_a_few_connections_however_often_it_happens(self, two_places: None) -> None:
        before = sessions()
        for _ in range(WRITERS + 2):
            due(7)
            dispatch_all()
        wait_until(lambda: sessions() <= before + WRITERS)

    def test_is_written_down_though_the_session_broke_meanwhile(self, two_places: None) -> None:
        for _ in range(2):
            due(7)
            dispatch_all()
            end_other_sessions()
        assert "in_flight" not in states()


class TestRecorder:
    def test_writes_down_what_it_was_given_before(self) -> None:
        due(3)
        with Recorder() as recorder:
            recorder.record([ended_call()], in_background=True)
            recorder.record([ended_call()], in_background=True)
            recorder.record([ended_call()], in_background=False)
            assert states() == ["succeeded"] * 3

    def test_keeps_nobody_waiting_in_the_background(self) -> None:
        due(1)
        call = ended_call()
        with Recorder() as recorder:
            with transaction.atomic():
                PaymentOperation.objects.select_for_update().get()
                recorder.record([call], in_background=True)
                assert states() == ["in_flight"]
            recorder.record([], in_background=False)
            assert states() == ["succeeded"]

    def test_tells_of_a_failure_in_the_background_and_goes_on(self) -> None:
        due(2)
        with Recorder() as recorder:
            recorder.record([cast("Any", "no call at all")], in_background=True)
            with pytest.raises(AttributeError):
                recorder.record([ended_call()], in_background=False)
            recorder.record([ended_call()], in_background=False)
        assert states() == ["succeeded"] * 2

    def test_keeps_no_answer_back_for_one_that_cannot_be_written(self) -> None:
        due(3)
        with Recorder() as recorder:
            calls = [ended_call() for _ in range(3)]
            poisoned = calls[1].claimed.call
            Payment.objects.filter(id=poisoned.payment_id).update(status="refunded")
            with written_lines() as lines, pytest.raises(TransitionNotAllowed):
                recorder.record(calls, in_background=False)
        assert sorted(states()) == ["in_flight", "succeeded", "succeeded"]
        assert line_of(lines, "answer_not_recorded")["operation_id"] == str(poisoned.operation_id)

    def test_names_in_its_line_the_calls_whose_answers_are_lost(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(1)
        call = ended_call()

        def fail(**_: object) -> None:
            raise LookupError("a mistake of ours")

        monkeypatch.setattr(recording, "apply_gateway_facts", fail)
        with written_lines() as lines, Recorder() as recorder:
            recorder.record([call], in_background=True)
        assert lost(lines) == ids(call)

    def test_names_them_where_a_later_record_hears_of_it_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due(2)
        calls = [ended_call(), ended_call()]

        def fail(**_: object) -> None:
            raise LookupError("a mistake of ours")

        # The mistake is mended before the recorder writes down what is left.
        with written_lines() as lines, Recorder() as recorder, monkeypatch.context() as mistake:
            mistake.setattr(recording, "apply_gateway_facts", fail)
            recorder.record(calls[:1], in_background=True)
            with pytest.raises(LookupError):
                recorder.record(calls[1:], in_background=False)
        assert lost(lines) == ids(calls[0])
        assert sorted(states()) == ["in_flight", "succeeded"]

    def test_writes_down_what_is_left_whatever_ended_the_work(self) -> None:
        due(2)
        with Recorder() as recorder:
            recorder.record([cast("Any", "no call at all")], in_background=True)
            with pytest.raises(AttributeError):
                recorder.record([ended_call(), ended_call()], in_background=False)
        assert states() == ["succeeded"] * 2
