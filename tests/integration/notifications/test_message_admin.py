"""Messages as customer service sees them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.mail import EmailMessage
from django.test import Client

from apps.kernel.identifiers import OrderId, new_id
from apps.kernel.order_number import OrderNumbers
from apps.notifications import handlers
from apps.notifications.admin import messages_panel
from apps.notifications.models import Message
from apps.notifications.services.send_messages import send_messages
from apps.platform.audit.models import AuditEntry
from tests.integration.notifications.story import (
    created,
    delivered,
    known_customer,
    received_message,
)

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = OrderNumbers(b"a secret for tests").number_for(7)
LIST = "/admin/notifications/message/"


def resend(client: Client, *messages: Message, reason: str = "never came") -> str:
    """Choose messages in the list, say why, and give the page that follows."""
    chosen = {"action": "resend", "_selected_action": [str(one.id) for one in messages]}
    question = client.post(LIST, chosen)
    if question.status_code != 200 or b"Send messages again" not in question.content:
        return question.content.decode()
    return client.post(LIST, {**chosen, "reason": reason}, follow=True).content.decode()


@pytest.fixture
def agent() -> User:
    """Somebody who may look and nothing else."""
    user = User.objects.create_user("agent", password="agent", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_message"))
    return user


class TestMessagesPanel:
    def test_says_what_the_customer_was_told(self, mailoutbox: list[EmailMessage]) -> None:
        message = received_message(known_customer())
        send_messages()
        panel = messages_panel(message.order_id)
        assert (panel.alert, panel.note) == ("", "")
        (row,) = panel.tables[0].rows
        assert row[1] == "order received"
        assert ">sent</span>" in row[2]
        assert row[3:] == ("ada@example.com", "We have received your order 7KQ3-M2XP-C", "")

    @pytest.mark.parametrize("status", ["unconfirmed", "failed", "undeliverable"])
    def test_points_at_what_did_not_arrive(self, status: str) -> None:
        message = received_message(known_customer())
        Message.objects.update(status=status)
        assert messages_panel(message.order_id).alert == (
            "1 of the messages did not reach the customer, or may not have."
        )

    def test_says_that_nothing_was_told_yet(self) -> None:
        assert (
            messages_panel(OrderId(new_id())).note == "The customer has not been told anything yet."
        )


class TestMessageAdmin:
    def test_shows_what_was_sent_and_narrows_by_status(
        self, admin_client: Client, mailoutbox: list[EmailMessage]
    ) -> None:
        received_message(known_customer())
        send_messages()
        page = admin_client.get(LIST, {"status": "sent"}).content.decode()
        assert "We have received your order 7KQ3-M2XP-C" in page
        assert "ada@example.com" in page
        assert "order received" in page
        other = admin_client.get(LIST, {"status": "failed"}).content.decode()
        assert "ada@example.com" not in other

    @pytest.mark.parametrize(
        "words", ["ADA@example.com", NUMBER.lower().replace("-", " "), "{order}", "{message}"]
    )
    def test_finds_by_address_number_and_id(self, admin_client: Client, words: str) -> None:
        order = created(known_customer(), number=NUMBER)
        other = created(known_customer(email="eve@example.com"), number="other")
        handlers.tell_of_receipt([delivered(order), delivered(other)])
        message = Message.objects.get(order_id=order.order_id)
        words = words.format(order=order.order_id, message=message.id)
        page = admin_client.get(LIST, {"q": words}).content.decode()
        assert str(message.id) in page
        assert str(Message.objects.get(order_id=other.order_id).id) not in page

    @pytest.mark.parametrize(
        "words", ["nobody@example.com", "no number", "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6"]
    )
    def test_finds_nothing_where_there_is_nothing(self, admin_client: Client, words: str) -> None:
        message = received_message(known_customer())
        assert str(message.id) not in admin_client.get(LIST, {"q": words}).content.decode()

    def test_shows_one_message_without_letting_it_be_changed(self, admin_client: Client) -> None:
        message = received_message(known_customer())
        page = f"{LIST}{message.id}/change/"
        assert "7KQ3-M2XP-C" in admin_client.get(page).content.decode()
        assert admin_client.post(page, {"status": "sent"}).status_code == 403
        assert Message.objects.get().status == "queued"

    def test_sends_again_what_has_ended(
        self, admin_client: Client, admin_user: User, mailoutbox: list[EmailMessage]
    ) -> None:
        unconfirmed, queued = (received_message(known_customer()) for _ in range(2))
        Message.objects.filter(id=unconfirmed.id).update(status="unconfirmed")
        page = resend(admin_client, unconfirmed, queued)
        assert "1 of 2 messages will be sent again." in page
        assert "The others are on their way already." in page
        assert AuditEntry.objects.get().actor == f"agent:{admin_user.pk}"
        assert send_messages() == 2

    def test_lets_only_those_send_who_may(
        self, client: Client, agent: User, mailoutbox: list[EmailMessage]
    ) -> None:
        message = received_message(known_customer())
        Message.objects.filter(id=message.id).update(status="failed")
        client.force_login(agent)
        resend(client, message)
        assert Message.objects.get().status == "failed"
        agent.user_permissions.add(Permission.objects.get(codename="resend_message"))
        resend(client, message)
        assert Message.objects.get().status == "queued"

    def test_shows_whom_messages_go_to(self, admin_client: Client) -> None:
        known_customer(name="Emil Beispiel")
        page = admin_client.get("/admin/notifications/recipient/").content.decode()
        assert "Emil Beispiel" in page
