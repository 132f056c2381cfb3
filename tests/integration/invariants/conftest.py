"""A small shop in which everything has happened once, made once for all tests of this folder.

Its rows are committed, since payments are due by the database's clock, which stands still inside a
transaction. Every test then breaks it inside a transaction that is rolled back.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.notifications.services.send_messages import send_messages
from apps.orders.models import Order
from apps.payments.services.number_documents import number_all_documents
from apps.platform.web.issuing import issue_token, public_jwks
from tests.emptying import empty_tables
from tests.integration.shop import ADDRESS, call_off, place, settled, stock, work_off
from tests.unit.web.keys import new_private_key

_GUARD = "apps.platform.web.middleware.RequestGuard"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """The orders by what became of them, and two products in one warehouse."""

    confirmed: uuid.UUID
    declined: uuid.UUID
    waiting: uuid.UUID
    refunded: uuid.UUID
    short: uuid.UUID

    @property
    def ids(self) -> Mapping[str, uuid.UUID]:
        """The orders' ids, as parameters of a statement."""
        return asdict(self)


@pytest.fixture(scope="module")
def healthy_shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The shop as it is made; use `shop`, which is undone after each test."""
    with django_db_blocker.unblock():
        made = _make_shop()
    yield made
    with django_db_blocker.unblock():
        empty_tables()


@pytest.fixture
def shop(healthy_shop: Shop, db: None) -> Shop:
    """The shop, inside a transaction that is rolled back."""
    return healthy_shop


def _make_shop() -> Shop:
    stock({"SKU-A": {"BER": 10}, "SKU-B": {"BER": 10}})
    confirmed = _place_through_the_api()
    declined = place(token="tok_decline")
    waiting = place(token="tok_requires_action")
    refunded = settled(place([("SKU-A", 1)]))
    call_off(refunded)
    short = place([("SKU-B", 99)])
    work_off()
    number_all_documents()
    work_off()
    send_messages()
    made = Shop(
        confirmed=confirmed,
        declined=declined.id,
        waiting=waiting.id,
        refunded=refunded.id,
        short=short.id,
    )
    statuses = {name: Order.objects.get(id=order_id).status for name, order_id in made.ids.items()}
    assert statuses == {
        "confirmed": "confirmed",
        "declined": "cancelled",
        "waiting": "payment_pending",
        "refunded": "cancelled",
        "short": "cancelled",
    }
    return made


def _place_through_the_api() -> uuid.UUID:
    key = new_private_key()
    token = issue_token(
        private_key_pem=key,
        subject="storefront",
        scopes=["orders:write"],
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
    body = {
        "customer_id": str(uuid.uuid4()),
        "currency": "EUR",
        "items": [{"sku": "SKU-A", "quantity": 2}, {"sku": "SKU-B", "quantity": 1}],
        "shipping": {
            "method": "standard",
            "address": {name: value for name, value in ADDRESS.as_dict().items() if value},
        },
        "payment": {"provider": "sandbox", "method": {"type": "card", "token": "tok_approve"}},
    }
    with override_settings(OMS_JWKS_URL="", OMS_JWKS=public_jwks(key), MIDDLEWARE=[_GUARD]):
        answer = Client().post(
            "/api/v1/orders",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "only-once"},
        )
    assert answer.status_code == 202, answer.content
    return uuid.UUID(answer.json()["id"])
