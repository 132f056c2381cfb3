"""The replica of whom to write to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.kernel.identifiers import new_id
from apps.notifications import handlers
from apps.notifications.models import Message, Recipient
from tests.integration.notifications.story import (
    changed,
    delivered,
    known_customer,
    received_message,
    registered,
)

pytestmark = pytest.mark.django_db


class TestTakingOver:
    def test_keeps_the_whole_profile(self) -> None:
        customer_id = new_id()
        event = registered(
            customer_id,
            name="Emil",
            email="emil@example.com",
            phone="+4930123",
            locale="de",
            region="eu-west-1",
            wants_email=False,
            wants_sms=True,
        )
        handlers.take_over_profiles([delivered(event, event_id=5)])
        kept = Recipient.objects.get(customer_id=customer_id)
        assert (kept.name, kept.email, kept.phone) == ("Emil", "emil@example.com", "+4930123")
        assert (kept.locale, kept.region) == ("de", "eu-west-1")
        assert (kept.wants_email, kept.wants_sms, kept.event_id) == (False, True, 5)

    def test_lets_the_newest_of_several_facts_count(self) -> None:
        customer_id = new_id()
        handlers.take_over_profiles(
            [
                delivered(registered(customer_id, name="First"), event_id=1),
                delivered(changed(customer_id, name="Second"), event_id=2),
                delivered(changed(customer_id, name="Third"), event_id=3),
            ]
        )
        assert Recipient.objects.get(customer_id=customer_id).name == "Third"

    def test_is_not_set_back_by_an_older_fact_that_comes_again(self) -> None:
        customer_id = new_id()
        handlers.take_over_profiles([delivered(changed(customer_id, name="Now"), event_id=9)])
        handlers.take_over_profiles([delivered(registered(customer_id, name="Then"), event_id=8)])
        kept = Recipient.objects.get(customer_id=customer_id)
        assert (kept.name, kept.event_id) == ("Now", 9)

    def test_takes_two_statements_for_any_number(self) -> None:
        for size in (1, 300):
            batch = [delivered(registered(new_id())) for _ in range(size)]
            with CaptureQueriesContext(connection) as captured:
                handlers.take_over_profiles(batch)
            statements = [
                query["sql"]
                for query in captured.captured_queries
                if "SAVEPOINT" not in query["sql"]
            ]
            assert len(statements) == 2, statements

    def test_frees_the_messages_that_waited_for_the_customer_alone(self) -> None:
        newcomer, stranger = new_id(), new_id()
        for customer_id in (newcomer, stranger):
            message = received_message(customer_id)
            Message.objects.filter(id=message.id).update(status="waiting")
        settled = received_message(known_customer())
        Message.objects.filter(id=settled.id).update(status="undeliverable")
        handlers.take_over_profiles([delivered(registered(newcomer))])
        assert Message.objects.get(customer_id=newcomer).status == "queued"
        assert Message.objects.get(customer_id=stranger).status == "waiting"
        assert Message.objects.get(id=settled.id).status == "undeliverable"
