"""A small API of its own, with keys of its own, for the conventions to be seen on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.kernel.clock import FrozenClock
from apps.kernel.identifiers import CustomerId
from apps.platform.web import ratelimits
from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.views import ApiView
from tests.unit.web.keys import NOW, Tokens, new_private_key


@pytest.fixture(scope="session")
def private_key() -> str:
    return new_private_key()


@pytest.fixture(scope="session")
def jwks(private_key: str) -> dict[str, Any]:
    return public_jwks(private_key)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    frozen = FrozenClock(NOW)
    monkeypatch.setattr(ApiView, "clock", frozen)
    return frozen


@pytest.fixture(autouse=True)
def api(settings: Settings, jwks: dict[str, Any], clock: FrozenClock) -> Iterator[None]:
    """Serve `tests.unit.web.urls` behind the guard alone; Valkey is away."""
    settings.ROOT_URLCONF = "tests.unit.web.urls"
    settings.MIDDLEWARE = ["apps.platform.web.middleware.RequestGuard"]
    settings.OMS_JWKS_URL = ""
    settings.OMS_JWKS = jwks
    settings.OMS_JWT_ISSUER = "https://auth.example"
    settings.OMS_JWT_AUDIENCE = "oms"
    settings.OMS_RATE_LIMITS = {"default": None}
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ratelimits.forget_counts()
    yield
    ratelimits.forget_counts()


@pytest.fixture
def token(private_key: str) -> Tokens:
    """Sign a token: of a service unless a customer is given."""

    def sign(
        scopes: str = "orders:read orders:write",
        *,
        subject: str = "storefront",
        customer_id: CustomerId | None = None,
        key: str = private_key,
        issued_at: datetime = NOW,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        return issue_token(
            private_key_pem=key,
            subject=subject,
            scopes=scopes.split(),
            customer_id=customer_id,
            lifetime=lifetime,
            now=issued_at,
        )

    return sign


@pytest.fixture
def client(token: Tokens) -> Client:
    """A service that may read and write orders."""
    return Client(headers={"Authorization": f"Bearer {token()}"}, raise_request_exception=False)


@pytest.fixture
def stranger() -> Client:
    """Somebody without a token."""
    return Client(raise_request_exception=False)
