"""Keys, names and times that the tests of the API agree on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.kernel.identifiers import CustomerId

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CUSTOMER = CustomerId(UUID("0198a000-0000-7000-8000-000000000001"))

Tokens = Callable[..., str]


def new_private_key() -> str:
    """Make an RSA key, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
