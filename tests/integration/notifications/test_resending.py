"""Sending again because a person wants it."""

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from apps.notifications import handlers
from apps.notifications.models import Message
from apps.notifications.services.resend_messages import resend_messages
from apps.notifications.services.send_messages import send_messages
from apps.platform.audit.models import AuditEntry
from tests.conftest import make_cause
from tests.integration.notifications.story import (
    changed,
    delivered,
    known_customer,
    received_message,
)

pytestmark = pytest.mark.django_db(transaction=True)


def resend(message: Message) -> int:
    return resend_messages(
        message_ids=[message.id],
        reason="never came",
        cause=make_cause("agent:7"),
        now=timezone.now(),
    )


class TestResending:
    @pytest.mark.parametrize("status", ["sent", "failed", "undeliverable", "unconfirmed"])
    def test_queues_what_has_ended_and_notes_who_wanted_it(
        self, status: str, mailoutbox: list[EmailMessage]
    ) -> None:
        message = received_message(known_customer())
        Message.objects.filter(id=message.id).update(status=status, attempts=1, problem="so what")
        assert resend(message) == 1
        entry = AuditEntry.objects.get(action="notifications.resend")
        assert (entry.actor, entry.subject_type, entry.subject_id) == (
            "agent:7",
            "message",
            str(message.id),
        )
        assert (entry.reason, entry.changes) == ("never came", {"status": [status, "queued"]})
        assert send_messages() == 1
        assert mailoutbox[0].message()["Message-ID"] == f"<{message.id}.2@shop.example>"
        assert mailoutbox[0].message()["X-OMS-Message-Id"] == str(message.id)

    @pytest.mark.parametrize("status", ["queued", "waiting", "sending"])
    def test_leaves_alone_what_is_on_its_way(self, status: str) -> None:
        message = received_message(known_customer())
        Message.objects.filter(id=message.id).update(status=status)
        assert resend(message) == 0
        assert Message.objects.get(id=message.id).status == status
        assert AuditEntry.objects.count() == 0

    def test_sends_once_where_two_people_ask(self, mailoutbox: list[EmailMessage]) -> None:
        message = received_message(known_customer())
        send_messages()
        assert [resend(message), resend(message)] == [1, 0]
        assert send_messages() == 1
        assert len(mailoutbox) == 2

    def test_goes_to_the_address_of_now(self, mailoutbox: list[EmailMessage]) -> None:
        customer_id = known_customer(email="wrong@example.com")
        message = received_message(customer_id)
        send_messages()
        handlers.take_over_profiles([delivered(changed(customer_id, email="right@example.com"))])
        resend(message)
        send_messages()
        assert [email.to for email in mailoutbox] == [["wrong@example.com"], ["right@example.com"]]
