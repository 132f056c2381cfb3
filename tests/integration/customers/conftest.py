"""Callers of the customers' API: customers, and services that act for nobody."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.customers.models import Customer
from apps.kernel.identifiers import new_id
from apps.platform.web.issuing import issue_token, public_jwks
from tests.unit.web.keys import new_private_key

Clients = Callable[..., Client]


@pytest.fixture(scope="module")
def private_key() -> str:
    """A key to sign tokens with."""
    return new_private_key()


@pytest.fixture
def client_for(settings: Settings, private_key: str) -> Clients:
    """Make clients of a customer, or of a service where none is given."""
    settings.OMS_JWKS_URL = ""
    settings.OMS_JWKS = public_jwks(private_key)
    settings.OMS_RATE_LIMITS = {}

    def make(
        customer: Customer | None = None, scopes: tuple[str, ...] = ("customers:*",)
    ) -> Client:
        token = issue_token(
            private_key_pem=private_key,
            subject="storefront",
            scopes=scopes,
            customer_id=None if customer is None else customer.id,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        return Client(headers={"Authorization": f"Bearer {token}"})

    return make


def send(
    client: Client,
    method: str,
    path: str,
    body: object = None,
    *,
    key: str | None = None,
    **headers: str,
) -> Any:
    """Call a path; every request gets a key of its own unless one is given."""
    return client.generic(
        method,
        f"/api/v1{path}",
        b"" if body is None else json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": key or str(new_id()), **headers},
    )
