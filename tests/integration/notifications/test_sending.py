"""Sending: once, to whom, and what is kept of it. Real commits throughout."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.kernel.identifiers import new_id
from apps.notifications import handlers
from apps.notifications.models import Message
from apps.notifications.services.send_messages import send_messages
from tests.integration.notifications.story import (
    again,
    age,
    changed,
    created,
    delivered,
    known_customer,
    received_message,
    registered,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestSending:
    def test_writes_to_the_customer_in_their_language(self, mailoutbox: list[EmailMessage]) -> None:
        message = received_message(known_customer(email="emil@example.com", locale="de"))
        assert send_messages() == 1
        (email,) = mailoutbox
        assert isinstance(email, EmailMultiAlternatives)
        assert email.to == ["emil@example.com"]
        assert email.subject == "Wir haben Ihre Bestellung 7KQ3-M2XP-C erhalten"
        assert "2 × Oak Mug: 39,80\u00a0€" in str(email.body)
        ((page, media_type),) = email.alternatives
        assert media_type == "text/html"
        assert '<html lang="de">' in str(page)
        headers = email.message()
        assert headers["X-OMS-Message-Id"] == str(message.id)
        assert headers["Message-ID"] == f"<{message.id}.1@shop.example>"
        assert headers["Auto-Submitted"] == "auto-generated"

    def test_keeps_what_was_sent(self, mailoutbox: list[EmailMessage]) -> None:
        message = received_message(known_customer())
        before = timezone.now()
        send_messages()
        sent = again(message)
        assert (sent.status, sent.attempts, sent.problem) == ("sent", 1, "")
        assert (sent.to_address, sent.locale) == ("ada@example.com", "en")
        assert sent.subject == "We have received your order 7KQ3-M2XP-C"
        assert sent.provider_id == f"<{message.id}.1@shop.example>"
        assert sent.sent_at is not None
        assert before <= sent.sent_at <= timezone.now()

    def test_sends_nothing_a_second_time(self, mailoutbox: list[EmailMessage]) -> None:
        order = created(known_customer())
        event = delivered(order)
        handlers.tell_of_receipt([event])
        assert send_messages() == 1
        handlers.tell_of_receipt([event])
        assert send_messages() == 0
        assert len(mailoutbox) == 1

    def test_goes_to_where_the_customer_is_reached_now(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        customer_id = known_customer(email="old@example.com")
        message = received_message(customer_id)
        handlers.take_over_profiles([delivered(changed(customer_id, email="new@example.com"))])
        send_messages()
        assert [email.to for email in mailoutbox] == [["new@example.com"]]
        assert again(message).to_address == "new@example.com"

    def test_respects_that_a_customer_wants_no_email(self, mailoutbox: list[EmailMessage]) -> None:
        message = received_message(known_customer(wants_email=False))
        assert send_messages() == 0
        assert mailoutbox == []
        kept = again(message)
        assert (kept.status, kept.problem) == (
            "undeliverable",
            "The customer does not want email.",
        )

    def test_works_off_more_than_a_batch(self, mailoutbox: list[EmailMessage]) -> None:
        customer_id = known_customer()
        orders = [created(customer_id) for _ in range(120)]
        handlers.tell_of_receipt([delivered(order) for order in orders])
        assert send_messages() == 120
        assert len({email.message()["X-OMS-Message-Id"] for email in mailoutbox}) == 120

    def test_takes_two_statements_and_a_look_for_a_batch(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        customer_id = known_customer()
        for size in (1, 49):
            handlers.tell_of_receipt([delivered(created(customer_id)) for _ in range(size)])
            with CaptureQueriesContext(connection) as captured:
                assert send_messages() == size
            statements = [query["sql"].split()[0] for query in captured.captured_queries]
            assert statements == ["UPDATE", "BEGIN", "WITH", "COMMIT", "UPDATE"]

    def test_is_not_held_up_by_a_message_that_cannot_be_put_into_words(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        broken = received_message(known_customer())
        Message.objects.filter(id=broken.id).update(kind="order_teleported")
        good = received_message(known_customer())
        assert send_messages() == 1
        assert again(good).status == "sent"
        kept = again(broken)
        assert (kept.status, kept.problem) == ("failed", "Not rendered: TemplateNotFound")


class TestWaitingForTheRecipient:
    def test_ends_when_the_recipient_arrives(self, mailoutbox: list[EmailMessage]) -> None:
        customer_id = new_id()
        message = received_message(customer_id)
        assert send_messages() == 0
        waiting = again(message)
        assert (waiting.status, waiting.attempts) == ("waiting", 0)
        assert timedelta(seconds=15) < waiting.next_at - timezone.now() < timedelta(seconds=21)
        assert send_messages() == 0
        handlers.take_over_profiles([delivered(registered(customer_id))])
        assert send_messages() == 1
        assert again(message).status == "sent"

    def test_ends_by_itself_where_the_arrival_was_missed(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        message = received_message(known_customer())
        Message.objects.filter(id=message.id).update(status="waiting")
        assert send_messages() == 1

    def test_ends_after_ten_minutes(self, mailoutbox: list[EmailMessage]) -> None:
        young, old = received_message(new_id()), received_message(new_id())
        age(young, queued_at=timedelta(minutes=9, seconds=50))
        age(old, queued_at=timedelta(minutes=10))
        assert send_messages() == 0
        assert again(young).status == "waiting"
        assert (again(old).status, again(old).problem) == (
            "undeliverable",
            "The customer is not known.",
        )
