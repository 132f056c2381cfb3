"""Who asks."""

from typing import Any

import pytest

from apps.platform.web.issuing import public_jwks
from tests.contract.api.asking import Asker
from tests.contract.api.shop import Shop, open_shop, token_of
from tests.unit.web.keys import new_private_key


@pytest.fixture
def shop(settings: Any) -> Shop:
    """A shop that charges nothing before it is asked to, and turns nobody away for asking often."""
    settings.OMS_RATE_LIMITS = {}
    settings.OMS_CAPTURE_ON = "request"
    return open_shop()


@pytest.fixture(scope="session")
def private_key() -> str:
    """A key to sign tokens with, made for this run."""
    return new_private_key()


@pytest.fixture
def service(settings: Any, shop: Shop, private_key: str) -> Asker:
    """A service that may do everything, but is no customer."""
    settings.OMS_JWKS = public_jwks(private_key)
    return Asker(shop, token_of(None, private_key), is_service=True)


@pytest.fixture
def customer(settings: Any, shop: Shop, private_key: str) -> Asker:
    """The customer of the shop, who may do what customers may."""
    settings.OMS_JWKS = public_jwks(private_key)
    return Asker(shop, token_of(shop.customer_id, private_key), is_service=False)
