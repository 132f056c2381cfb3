"""One order through the application that the web server calls, and all that comes of it.

Prints, as JSON, what became of the order and the subjects of the letters to its customer.
"""

import json
import os
import uuid
from typing import Any

from django.core import mail
from django.test import RequestFactory

from apps.platform.telemetry.tracing import stop_tracing
from config.wsgi import application
from tests.integration.api.conftest import PLACEMENT

CARD = {"provider": "stripe", "method": {"type": "card", "token": "pm_card_visa"}}


def main() -> None:
    # They need the tables, which are there once the application is.
    from apps.notifications.services.send_messages import send_messages
    from apps.orders.models import Order
    from tests.integration.shop import work_off

    order = place(os.environ["STORY_CUSTOMER"])
    work_off()
    send_messages()
    stop_tracing()
    story = {
        "status": Order.objects.get(id=order["id"]).status,
        "subjects": [letter.subject for letter in mail.outbox],
    }
    print(json.dumps(story))  # noqa: T201 - the test reads it


def place(customer_id: str) -> dict[str, Any]:
    """Place an order as a storefront does."""
    request = RequestFactory().post(
        "/api/v1/orders",
        json.dumps({**PLACEMENT, "customer_id": customer_id, "payment": CARD}),
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {os.environ['STORY_TOKEN']}",
            "Idempotency-Key": str(uuid.uuid4()),
        },
    )
    statuses: list[str] = []
    answer = b"".join(application(request.environ, lambda status, headers: statuses.append(status)))
    assert statuses[0].startswith("202"), answer
    return dict(json.loads(answer))


if __name__ == "__main__":
    main()
