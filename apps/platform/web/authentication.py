"""Find out who calls, from a bearer token: a JWT signed with RS256 and nothing else."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import jwt
from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.kernel.identifiers import CustomerId
from apps.platform.web.principals import Principal, is_usable_name
from apps.platform.web.refusals import HttpRefusal
from apps.platform.web.signing_keys import ALGORITHM, KeysUnavailable, signing_keys

TOKEN_INVALID: Final = "token_invalid"
LEEWAY_SECONDS: Final = 30
LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999: no token means a later time, or one that is no number."""
REMEMBER_SECONDS: Final = 600
REMEMBER_TOKENS: Final = 10_000
LONGEST_TOKEN: Final = 8192

_REQUIRED: Final = ["sub", "iss", "aud", "exp"]


@dataclass(frozen=True, slots=True)
class _Verified:
    """A caller and until when, in seconds since 1970, its token needs no second look."""

    principal: Principal
    until: float


class _Memory:
    """Tokens verified lately, by their SHA-256: checking a signature costs 50 times a look here."""

    def __init__(self) -> None:
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: bytes, instant: float) -> Principal | None:
        known = self._verified.get(key)
        return known.principal if known is not None and instant < known.until else None

    def keep(self, key: bytes, verified: _Verified) -> None:
        with self._lock:
            self._verified.pop(key, None)
            self._verified[key] = verified
            while len(self._verified) > REMEMBER_TOKENS:
                self._verified.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._verified.clear()


_memory: Final = _Memory()


def authenticate(request: HttpRequest, now: datetime) -> Principal:
    """Give the caller of a request.

    Raises:
        HttpRefusal: 401, there is no bearer token or it does not hold; 503, no key is known to
            check it with.

    """
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise HttpRefusal(
            401,
            "not_authenticated",
            "Send a bearer token in the Authorization header.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return verify(token, now)


def verify(token: str, now: datetime) -> Principal:
    """Check a token against our keys, issuer, audience and the time, with 30 seconds of leeway.

    A token that held is taken on trust for up to 10 minutes, but never past its expiry.

    Raises:
        HttpRefusal: 401 or 503, as `authenticate`.

    """
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise _invalid("This is not one of our tokens.")
    instant = now.timestamp()
    key = hashlib.sha256(token.encode()).digest()
    principal = _memory.find(key, instant)
    if principal is None:
        claims = _verified_claims(token)
        expires = _check_times(claims, instant)
        principal = _principal_of(claims)
        _memory.keep(key, _Verified(principal, min(expires, instant + REMEMBER_SECONDS)))
    return principal


class BearerAuthentication(BaseAuthentication):
    """The same check for views of Django REST Framework that are not ours."""

    def authenticate(self, request: Request) -> tuple[Principal, None]:
        """Give the caller, or refuse with 401."""
        return authenticate(request, datetime.now(UTC)), None

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme for `WWW-Authenticate`."""
        return "Bearer"


def _verified_claims(token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        # The algorithm is ours to choose: one named by the token could make our public key a
        # shared secret, or no signature a good one.
        key = signing_keys().find(header.get("kid")) if header.get("alg") == ALGORITHM else None
        if key is None:
            raise _invalid("The token is not signed with one of our keys.")
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=settings.OMS_JWT_AUDIENCE,
            issuer=settings.OMS_JWT_ISSUER,
            options={
                "require": _REQUIRED,
                # Checked against the request's own time, see `_check_times`.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except KeysUnavailable as error:
        raise HttpRefusal(
            503,
            "keys_unavailable",
            "We cannot check tokens just now; try again in a moment.",
            headers={"Retry-After": "1"},
        ) from error
    except jwt.PyJWTError as error:
        raise _invalid("The token does not hold.") from error


def _check_times(claims: dict[str, Any], instant: float) -> float:
    """Refuse a token before its time or after it, and give the second since 1970 it ends."""
    expires, not_before = claims["exp"], claims.get("nbf", 0)
    if not all(
        type(claim) in (int, float) and 0 <= claim <= LAST_SECOND for claim in (expires, not_before)
    ):
        raise _invalid("The token does not hold.")
    if instant >= expires + LEEWAY_SECONDS:
        raise _invalid("The token has expired.")
    if instant < not_before - LEEWAY_SECONDS:
        raise _invalid("The token is not valid yet.")
    return float(expires) + LEEWAY_SECONDS


def _principal_of(claims: dict[str, Any]) -> Principal:
    """Tell a customer from a service, each by a claim of its own: whoever has neither is refused.

    A service is the client itself, acting for nobody: its `sub` is its `client_id` (RFC 9068,
    section 2.2). A customer's token may name the client too, but never as its subject.
    """
    subject, scope = claims["sub"], claims.get("scope", "")
    client_id = claims.get("client_id", subject)
    if not all(isinstance(claim, str) for claim in (subject, scope, client_id)):
        raise _invalid("The token does not hold.")
    if not all(is_usable_name(claim) for claim in (subject, client_id)):
        raise _invalid("The token names nobody.")
    is_customer = "customer_id" in claims
    if not is_customer and claims.get("client_id") != subject:
        raise _invalid("The token names neither a customer nor a service.")
    try:
        customer_id = CustomerId(UUID(claims["customer_id"])) if is_customer else None
    except (AttributeError, TypeError, ValueError) as error:
        raise _invalid("The token does not hold.") from error
    return Principal(
        subject=subject,
        kind="customer" if is_customer else "service",
        customer_id=customer_id,
        scopes=frozenset(scope.split()),
        client_id=client_id,
    )


def _invalid(detail: str) -> HttpRefusal:
    return HttpRefusal(
        401,
        TOKEN_INVALID,
        detail,
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("OMS_JWKS", "OMS_JWT")):
        _memory.forget()


setting_changed.connect(_forget)
