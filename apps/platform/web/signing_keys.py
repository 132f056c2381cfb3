"""The public keys that tokens must be signed with: a JSON Web Key Set, given or fetched."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings
from django.core.signals import setting_changed

ALGORITHM: Final = "RS256"
FETCH_TIMEOUT_SECONDS: Final = 2.0
FRESH_SECONDS: Final = 300.0
# How often a token with an unknown key id, or a set that cannot be had, may make us fetch again.
RETRY_SECONDS: Final = 10.0

log: Final = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """No key set has ever been fetched, so no token can be verified; try again in a moment."""


class SigningKeys(Protocol):
    """A source of keys."""

    def find(self, key_id: str | None) -> RSAPublicKey | None:
        """Give the key of that id; without an id, the only key there is.

        Raises:
            KeysUnavailable: nobody knows at present.

        """


class GivenKeys:
    """A key set that was there from the start."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        """Keep the RSA signature keys of a set; others could never verify RS256."""
        self._keys = _rsa_keys(jwks)

    def find(self, key_id: str | None) -> RSAPublicKey | None:
        """Give the key of that id; without an id, the only key there is."""
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id or "")


class FetchedKeys:
    """A key set behind a URL, fetched when first needed and again every 5 minutes.

    While the URL does not answer, the last set stays in force. An unknown key id makes it fetch
    early, at most every 10 seconds, so that a new key works at once and a made-up one costs little.
    """

    def __init__(self, url: str) -> None:
        """Remember where to fetch; nothing is fetched yet."""
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_TIMEOUT_SECONDS)
        self._lock = threading.Lock()
        self._keys: GivenKeys | None = None
        self._fetched_at = self._tried_at = float("-inf")

    def find(self, key_id: str | None) -> RSAPublicKey | None:
        """Give the key of that id; without an id, the only key there is.

        Raises:
            KeysUnavailable: the first fetch failed and nothing is known yet.

        """
        if time.monotonic() - self._fetched_at > FRESH_SECONDS:
            self._fetch()
        found = self._known().find(key_id)
        if found is None:
            self._fetch()
            found = self._known().find(key_id)
        return found

    def _known(self) -> GivenKeys:
        if self._keys is None:
            raise KeysUnavailable
        return self._keys

    def _fetch(self) -> None:
        # Whoever has an older set goes on with it instead of waiting for the one that fetches.
        if not self._lock.acquire(blocking=self._keys is None):
            return
        try:
            if time.monotonic() - self._tried_at < RETRY_SECONDS:
                return
            self._tried_at = time.monotonic()
            self._keys = GivenKeys(self._client.fetch_data())
            self._fetched_at = self._tried_at
        except (jwt.PyJWTError, OSError, ValueError) as error:
            log.error("signing_keys_unavailable", reason=str(error))
        finally:
            self._lock.release()


@cache
def signing_keys() -> SigningKeys:
    """Give the keys that the settings name: `OMS_JWKS_URL` before `OMS_JWKS`."""
    if settings.OMS_JWKS_URL:
        return FetchedKeys(settings.OMS_JWKS_URL)
    return GivenKeys(settings.OMS_JWKS)


def _rsa_keys(jwks: Mapping[str, Any]) -> dict[str, RSAPublicKey]:
    keys: dict[str, RSAPublicKey] = {}
    for data in jwks.get("keys", ()):
        if data.get("kty") != "RSA" or data.get("use", "sig") != "sig" or "d" in data:
            continue
        if data.get("alg", ALGORITHM) != ALGORITHM:
            continue
        key = jwt.PyJWK.from_dict(data, algorithm=ALGORITHM).key
        if isinstance(key, RSAPublicKey):
            keys[data.get("kid", "")] = key
    return keys


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith("OMS_JWKS"):
        signing_keys.cache_clear()


setting_changed.connect(_forget)
