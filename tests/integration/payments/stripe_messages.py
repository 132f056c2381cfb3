"""Messages of Stripe's, brought to our door: as its simulator sent them, or made up and signed here."""

import hashlib
import hmac
import itertools
import json
import time
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.receive_messages import receive_messages
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.shop import work_off

_count = itertools.count()


def hear(stripe: SimulatedStripe, event_type: str) -> None:
    """Bring the newest message of a type to our door, as it was sent, and do what follows from it."""
    letter = stripe.receiver.wait_for(event_type)[-1]
    said = Client().post(
        "/api/v1/webhooks/stripe",
        letter.body,
        content_type="application/json",
        headers={"stripe-signature": letter.headers["stripe-signature"]},
    )
    assert said.status_code == 200, said.content
    handle_messages(now=timezone.now())
    work_off()


def receive(about: dict[str, Any] | None, now: datetime, *, kind: str = "made.up") -> None:
    """Have a message about an object of Stripe's stored."""
    body = json.dumps(
        {"id": f"evt_{next(_count)}", "type": kind, "data": {"object": about}}
    ).encode()
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
    receive_messages(
        provider="stripe",
        body=body,
        headers={"stripe-signature": f"t={at},v1={digest.hexdigest()}"},
        now=now,
    )
