"""From a registration and an order to the mail in the box, over the bus and the real database."""

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from apps.customers.domain.profile import Profile
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.customers.services.register_customer import register_customer
from apps.kernel.identifiers import CustomerId
from apps.notifications.queries import list_messages
from apps.notifications.services.send_messages import send_messages
from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber
from tests.conftest import make_cause
from tests.integration.shop import drain_all, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


def customer(email: str, locale: str) -> CustomerId:
    profile = Profile.build(
        name="Emil Beispiel",
        email=email,
        phone="",
        locale=locale,
        region="test",
        wants_email=True,
        wants_sms=False,
    )
    return register_customer(profile=profile, cause=make_cause(), now=timezone.now()).id


def subjects(mailoutbox: list[EmailMessage]) -> list[str]:
    return [str(email.subject) for email in mailoutbox]


class TestJourney:
    def test_tells_a_customer_of_receipt_and_confirmation(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        stock({"SKU-A": {"BER": 10}})
        customer_id = customer("emil@example.com", "de")
        order = settled(place(customer_id=customer_id))
        send_messages()
        assert subjects(mailoutbox) == [
            f"Wir haben Ihre Bestellung {order.number} erhalten",
            f"Ihre Bestellung {order.number} ist bestätigt",
        ]
        assert "1 × Name of SKU-A: 19,90\u00a0€" in str(mailoutbox[0].body)

    def test_tells_what_is_out_of_stock(self, mailoutbox: list[EmailMessage]) -> None:
        stock({"SKU-A": {"BER": 1}})
        order = settled(place([("SKU-A", 2)], customer_id=customer("emil@example.com", "en")))
        send_messages()
        assert subjects(mailoutbox)[1:] == [f"Your order {order.number} is out of stock"]
        assert "- Name of SKU-A\n" in str(mailoutbox[1].body)

    def test_tells_that_the_payment_failed(self, mailoutbox: list[EmailMessage]) -> None:
        stock({"SKU-A": {"BER": 1}})
        order = settled(place(token="tok_decline", customer_id=customer("emil@example.com", "en")))
        send_messages()
        assert subjects(mailoutbox)[1:] == [
            f"The payment for your order {order.number} did not go through"
        ]
        assert "given: Your card was declined.\n" in str(mailoutbox[1].body)

    def test_tells_why_the_payment_failed_in_german(self, mailoutbox: list[EmailMessage]) -> None:
        stock({"SKU-A": {"BER": 1}})
        customer_id = customer("emil@example.com", "de")
        settled(place(token="tok_insufficient_funds", customer_id=customer_id))
        send_messages()
        assert "genannt wurde: Ihre Karte deckt den Betrag nicht.\n" in str(mailoutbox[1].body)

    def test_asks_for_approval(self, mailoutbox: list[EmailMessage]) -> None:
        stock({"SKU-A": {"BER": 1}})
        customer_id = customer("emil@example.com", "en")
        order = settled(place(token="tok_requires_action", customer_id=customer_id))
        send_messages()
        assert subjects(mailoutbox)[1:] == [
            f"Action needed: approve the payment for your order {order.number}"
        ]
        assert order.payment_action_url
        assert order.payment_action_url in str(mailoutbox[1].body)

    def test_writes_to_a_customer_whose_order_is_heard_of_first(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        stock({"SKU-A": {"BER": 1}})
        order = place(customer_id=customer("emil@example.com", "en"))
        ahead = find_subscriber("notifications.messages")
        assert ahead is not None
        drain(ahead)
        assert send_messages() == 0
        assert [one.status for one in list_messages(order_id=order.id)] == ["waiting"]
        drain_all()
        assert send_messages() == 1
        assert [one.status for one in list_messages(order_id=order.id)] == ["sent"]

    def test_follows_a_change_of_address_and_language(self, mailoutbox: list[EmailMessage]) -> None:
        stock({"SKU-A": {"BER": 1}})
        customer_id = customer("old@example.com", "en")
        change_profile(
            customer_id=customer_id,
            changes=ProfileChanges(email="new@example.com", locale="de"),
            cause=make_cause(),
            now=timezone.now(),
        )
        order = place(customer_id=customer_id)
        drain_all()
        send_messages()
        assert mailoutbox[0].to == ["new@example.com"]
        assert subjects(mailoutbox) == [f"Wir haben Ihre Bestellung {order.number} erhalten"]
