"""Callers of the API: a service that may do everything, and customers."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.kernel.identifiers import CustomerId
from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.principals import ALL_SCOPES, CUSTOMER_SCOPES
from tests.unit.web.keys import new_private_key

PLACEMENT: dict[str, Any] = {
    "currency": "EUR",
    "items": [{"sku": "SKU-A", "quantity": 2, "unit_price": "19.90"}],
    "shipping": {
        "method": "standard",
        "address": {
            "name": "Ada Example",
            "line1": "Lindenweg 1",
            "city": "Berlin",
            "postal_code": "10115",
            "country": "DE",
        },
    },
    "payment": {"provider": "sandbox", "method": {"type": "card", "token": "tok_approve"}},
}


NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Caller:
    """Calls the API with one token."""

    token: str
    customer_id: CustomerId | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send a request; a dict is sent as JSON, bytes as they are."""
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        answer = Client().generic(
            method,
            f"/api/v1{path}",
            data,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        assert isinstance(answer, HttpResponse)
        return answer

    def place(
        self, key: str | None = None, *, headers: Mapping[str, str] = NONE, **changes: Any
    ) -> HttpResponse:
        """Place an order; a new key each time unless one is given."""
        body = {"customer_id": str(self.customer_id or uuid.uuid4()), **PLACEMENT, **changes}
        key = key or str(uuid.uuid4())
        return self.call("POST", "/orders", body, **{"Idempotency-Key": key, **headers})


def problem(answer: Any) -> dict[str, Any]:
    """Read a refusal."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return dict(json.loads(answer.content))


@pytest.fixture(scope="session")
def private_key() -> str:
    """A key to sign tokens with, made for this run."""
    return new_private_key()


@pytest.fixture(autouse=True)
def accepted_keys(settings: Any, private_key: str) -> None:
    """Have the API accept that key."""
    settings.OMS_JWKS = public_jwks(private_key)


@pytest.fixture
def service(private_key: str) -> Caller:
    """A service that may do everything."""
    return Caller(
        issue_token(
            private_key_pem=private_key,
            subject="storefront",
            scopes=ALL_SCOPES,
            customer_id=None,
            lifetime=timedelta(hours=1),
            now=timezone.now(),
        )
    )


@pytest.fixture
def customers(private_key: str) -> list[Caller]:
    """Two customers."""
    return [
        Caller(
            issue_token(
                private_key_pem=private_key,
                subject=str(customer_id),
                scopes=CUSTOMER_SCOPES,
                customer_id=customer_id,
                lifetime=timedelta(hours=1),
                now=timezone.now(),
            ),
            customer_id,
        )
        for customer_id in (CustomerId(uuid.uuid4()), CustomerId(uuid.uuid4()))
    ]
