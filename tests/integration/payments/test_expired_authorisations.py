"""Authorisations that run out before anybody charged them, told to order, customer and staff: over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from apps.customers.domain.profile import Profile
from apps.customers.services.register_customer import register_customer
from apps.kernel.identifiers import CustomerId
from apps.notifications.services.send_messages import send_messages
from apps.orders.models import Order
from apps.payments.services.capture_payment import capture_payment
from apps.payments.services.watch_authorisations import watch_authorisations
from tests.conftest import make_cause
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments import paypal_messages, stripe_messages
from tests.integration.shop import payment_of, place, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)

TOLD = "The payment was not charged before its authorisation ran out. Please order again."
TO_DO = "Payment authorisation expired before it was charged: the customer has to order again"


@pytest.fixture(autouse=True)
def on_request(settings: Any) -> None:
    """Nothing is charged before somebody asks for it."""
    settings.OMS_CAPTURE_ON = "request"


def customer(locale: str) -> CustomerId:
    profile = Profile.build(
        name="Emil Beispiel",
        email="emil@example.com",
        phone="",
        locale=locale,
        region="test",
        wants_email=True,
        wants_sms=False,
    )
    return register_customer(profile=profile, cause=make_cause(), now=timezone.now()).id


def authorised(locale: str = "en") -> Order:
    """Give an order at Stripe that is confirmed and not charged."""
    order = place(provider="stripe", token="pm_card_visa", customer_id=customer(locale))
    order = settled(order)
    assert (order.status, order.payment_status) == ("confirmed", "authorized")
    return order


def expire(stripe: SimulatedStripe, order: Order) -> None:
    stripe.ask(f"/_expire?payment_intent={payment_of(order).authorization}", "POST")


def ending(order: Order) -> tuple[str, str, str, str]:
    order = settled(order)
    return order.status, order.payment_status, order.cancel_code, order.cancel_detail


class TestAtStripe:
    def test_the_order_ends_and_says_what_to_do(self, stripe: SimulatedStripe) -> None:
        order = authorised()
        expire(stripe, order)
        stripe_messages.hear(stripe, "payment_intent.canceled")

        assert ending(order) == ("cancelled", "voided", "authorization_expired", TOLD)
        assert order.history.filter(what=TO_DO).count() == 1
        assert payment_of(order).history.filter(what="Authorisation expired").count() == 1

    @pytest.mark.parametrize(
        ("locale", "why"),
        [
            ("en", "We did not charge the payment in time, and your approval of it has run out."),
            (
                "de",
                "Wir haben die Zahlung nicht rechtzeitig eingezogen, und Ihre Freigabe ist abgelaufen.",
            ),
        ],
    )
    def test_the_customer_is_told_in_their_language(
        self, stripe: SimulatedStripe, mailoutbox: list[EmailMessage], locale: str, why: str
    ) -> None:
        order = authorised(locale)
        expire(stripe, order)
        stripe_messages.hear(stripe, "payment_intent.canceled")
        settled(order)
        send_messages()
        assert why in str(mailoutbox[-1].body)

    def test_a_charge_that_comes_too_late_says_why(self, stripe: SimulatedStripe) -> None:
        order = authorised()
        expire(stripe, order)
        capture_payment(
            payment_id=payment_of(order).id,
            amount_minor=None,
            cause=make_cause(),
            now=timezone.now(),
        )
        work_off()

        assert ending(order) == ("cancelled", "voided", "authorization_expired", TOLD)
        assert order.history.filter(what="Payment authorisation expired").count() == 1

    def test_what_somebody_let_go_there_is_no_expiry(self, stripe: SimulatedStripe) -> None:
        order = authorised()
        name = payment_of(order).authorization
        stripe.by_hand(f"/v1/payment_intents/{name}/cancel")
        stripe_messages.hear(stripe, "payment_intent.canceled")

        assert settled(order).cancel_reason == "payment_voided"
        assert order.history.filter(what="Payment voided").count() == 1


class TestBeforeTheEnd:
    def test_it_is_warned_of_by_the_time_that_stripe_names(self, stripe: SimulatedStripe) -> None:
        order = settled(place(provider="stripe", token="pm_card_shortHold"))
        now = timezone.now()
        assert watch_authorisations(now=now + timedelta(hours=20)) == 0
        assert watch_authorisations(now=now + timedelta(hours=30)) == 1
        assert payment_of(order).is_ending_known


class TestAtPayPal:
    def test_the_order_ends_and_says_what_to_do(self, paypal: SimulatedPayPal) -> None:
        order = paypal_messages.ordered("vault-ok")
        paypal.let("expire", authorization=payment_of(order).authorization)
        paypal_messages.hear(paypal, "PAYMENT.AUTHORIZATION.VOIDED")

        assert ending(order) == ("cancelled", "voided", "authorization_expired", TOLD)
        assert order.history.filter(what=TO_DO).count() == 1
