"""What is stored, when, and for whom."""

import uuid

import pytest
from django.db import connection, transaction

from apps.kernel.events.orders import OrderHeld
from apps.kernel.identifiers import OrderId
from apps.platform.outbox import registry
from apps.platform.outbox.models import Delivery, StoredEvent
from apps.platform.outbox.publishing import Fact, PublishedOutsideTransaction, publish
from tests.conftest import make_cause
from tests.integration.outbox.conftest import Listener, say


def fact(reason: str = "review") -> Fact:
    return Fact(
        event=OrderHeld(order_id=OrderId(uuid.uuid4()), reason=reason), seq=1, cause=make_cause()
    )


class TestPublish:
    def test_refuses_to_work_outside_a_transaction(self, listener: Listener) -> None:
        with pytest.raises(PublishedOutsideTransaction):
            publish([fact()])
        assert not StoredEvent.objects.exists()

    def test_stores_nothing_when_the_transaction_is_rolled_back(self, listener: Listener) -> None:
        with transaction.atomic():
            publish([fact()])
            transaction.set_rollback(True)
        assert (StoredEvent.objects.count(), Delivery.objects.count()) == (0, 0)

    def test_keeps_the_order_given_and_hands_each_event_to_each_subscriber(
        self, listener: Listener
    ) -> None:
        say(uuid.uuid4(), "first", "second", "third")
        stored = StoredEvent.objects.order_by("event_id")
        assert [event.payload["reason"] for event in stored] == ["first", "second", "third"]
        assert Delivery.objects.filter(subscriber="test.listener").count() == 3

    def test_takes_one_statement_for_any_number_of_facts(
        self, listener: Listener, django_assert_num_queries: object
    ) -> None:
        with transaction.atomic():
            before = len(connection.queries_log)
            connection.force_debug_cursor = True
            try:
                publish([fact() for _ in range(50)])
                statements = [
                    query["sql"] for query in list(connection.queries_log)[before:] if query["sql"]
                ]
            finally:
                connection.force_debug_cursor = False
        assert len(statements) == 1

    def test_runs_a_subscriber_in_the_transaction_and_fails_with_it(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "_in_transaction", {})
        registry.subscribe_in_transaction({OrderHeld: listener.handle})
        also: list[str] = []
        registry.subscribe_in_transaction(
            {OrderHeld: lambda batch: also.extend(one.event.reason for one in batch)}
        )
        listener.fails = lambda event: event.reason == "bad"
        say(uuid.uuid4(), "good")
        assert [reason for _, reason in listener.heard] == also == ["good"]
        with pytest.raises(RuntimeError, match="cannot hear bad"):
            say(uuid.uuid4(), "bad")
        assert [event.payload["reason"] for event in StoredEvent.objects.all()] == ["good"]
