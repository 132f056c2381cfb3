"""Sign tokens ourselves, for services, operators and demonstrations."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from apps.kernel.identifiers import CustomerId, new_id
from apps.platform.web.signing_keys import ALGORITHM


class UnusableKey(ValueError):
    """The text is no RSA private key in PEM form."""


def issue_token(
    *,
    private_key_pem: str,
    subject: str,
    scopes: Iterable[str],
    customer_id: CustomerId | None,
    lifetime: timedelta,
    now: datetime,
) -> str:
    """Sign a token that is valid from `now` for `lifetime`; each call gives another one.

    With `customer_id` it reaches that customer's data alone, without it it is a service's, which
    the claim `client_id` says.

    Raises:
        UnusableKey: the key is no RSA private key.

    """
    claims: dict[str, Any] = {
        "iss": settings.OMS_JWT_ISSUER,
        "aud": settings.OMS_JWT_AUDIENCE,
        "sub": subject,
        "scope": " ".join(scopes),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": str(new_id()),
    }
    if customer_id is None:
        claims["client_id"] = subject
    else:
        claims["customer_id"] = str(customer_id)
    key = _private_key(private_key_pem)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": _key_id(_public_jwk(key))})


def public_jwks(private_key_pem: str) -> dict[str, Any]:
    """Give the key set that verifies what this key signs; its key id is the RFC 7638 thumbprint.

    Raises:
        UnusableKey: the key is no RSA private key.

    """
    jwk = _public_jwk(_private_key(private_key_pem))
    return {"keys": [{**jwk, "use": "sig", "alg": ALGORITHM, "kid": _key_id(jwk)}]}


@lru_cache(maxsize=1)  # Python's library proves a key when it reads one, for 50 ms.
def _private_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (TypeError, ValueError) as error:
        raise UnusableKey("This is no private key in PEM form.") from error
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKey("This is no RSA key.")
    return key


def _public_jwk(key: RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}


def _key_id(jwk: dict[str, str]) -> str:
    required = msgspec.json.encode({name: jwk[name] for name in ("e", "kty", "n")}, order="sorted")
    return _unpadded(hashlib.sha256(required).digest())


def _base64url(number: int) -> str:
    return _unpadded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
