"""The secrets of one home: made once, then kept, so that data written with them stays readable."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.platform.web.issuing import public_jwks
from infra.local.home import write_private

RSA_BITS = 2048
PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What the processes of one stack must know and nobody else may."""

    secret_key: str
    order_number_secret: str
    sandbox_secret: str
    stripe_webhook_secret: str
    adyen_hmac_key: str
    adyen_webhook_password: str
    database_password: str
    valkey_password: str
    jwt_private_key_file: Path
    jwks_file: Path


def credentials_in(folder: Path) -> Credentials:
    """Read the secrets of a folder; those that are missing are made and written first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_file, jwks_file = folder / "jwt.pem", folder / "jwks.json"
    _keep(key_file, _new_private_key)
    _keep(jwks_file, lambda: json.dumps(public_jwks(key_file.read_text(encoding="ascii"))))
    return Credentials(
        secret_key=_keep(folder / "secret_key", lambda: secrets.token_urlsafe(48)),
        order_number_secret=_keep(folder / "order_number", lambda: secrets.token_hex(32)),
        sandbox_secret=_keep(folder / "sandbox", lambda: secrets.token_hex(32)),
        stripe_webhook_secret=_keep(
            folder / "stripe_webhook", lambda: "whsec_" + secrets.token_hex(16)
        ),
        adyen_hmac_key=_keep(folder / "adyen_hmac", lambda: secrets.token_hex(32)),
        adyen_webhook_password=_keep(folder / "adyen_webhook", lambda: secrets.token_hex(16)),
        database_password=_keep(folder / "database", lambda: secrets.token_hex(16)),
        valkey_password=_keep(folder / "valkey", lambda: secrets.token_hex(16)),
        jwt_private_key_file=key_file,
        jwks_file=jwks_file,
    )


def _keep(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_private(path, make())
    return path.read_text(encoding="utf-8")


def _new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=RSA_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
