"""The certificates that PayPal signs its messages with: where they may come from, and who vouches for them."""

import re
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from apps.payments.adapters.paypal.transport import AnswerMissing, NeverSent, PayPalTransport
from apps.payments.ports import GatewayUnavailable, MessageRefused

DOMAIN = "paypal.com"
MOST_KEPT = 32
_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trusted:
    key: RSAPublicKey
    not_before: datetime
    not_after: datetime

    def is_valid_at(self, now: datetime) -> bool:
        return self.not_before <= now <= self.not_after


class Certificates:
    """Fetches certificates, checks them, and keeps those that are good. Safe for many threads."""

    def __init__(
        self, transport: PayPalTransport, *, base: str = "", ca_file: Path | None = None
    ) -> None:
        """Take them from PayPal over https, or from below `base`; `ca_file` vouches for them."""
        self._transport = transport
        self._base = base
        self._ca_file = ca_file
        self._store: Store | None = None
        self._kept: dict[str, _Trusted] = {}
        self._lock = threading.Lock()

    def key_at(self, url: str, now: datetime) -> RSAPublicKey:
        """Give the key of the certificate at an address.

        Raises:
            MessageRefused: it is not a place or not a certificate of PayPal's.
            GatewayUnavailable: it cannot be fetched now.
        """
        kept = self._kept.get(url)
        if kept is not None and kept.is_valid_at(now):
            return kept.key
        if not _is_theirs(url) and not (self._base and url.startswith(self._base)):
            raise MessageRefused("The certificate is not at PayPal.")
        trusted = self._trusted(self._fetch(url), now)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[url] = trusted
        return trusted.key

    def _fetch(self, url: str) -> bytes:
        try:
            answer = self._transport.send("GET", url, headers={})
        except (NeverSent, AnswerMissing) as error:
            raise GatewayUnavailable("paypal_certificate_unavailable") from error
        if answer.status >= 500 or answer.status == 429:
            raise GatewayUnavailable("paypal_certificate_unavailable")
        if answer.status != 200:
            raise MessageRefused("There is no such certificate at PayPal.")
        return answer.body

    def _trusted(self, pem: bytes, now: datetime) -> _Trusted:
        try:
            leaf, *rest = x509.load_pem_x509_certificates(pem)
            self._insist_on_chain(leaf, rest, now)
            key = leaf.public_key()
        except (ValueError, VerificationError) as error:
            raise MessageRefused("The certificate is not PayPal's.") from error
        if not isinstance(key, RSAPublicKey):
            raise MessageRefused("The certificate has a key of another kind than PayPal's.")
        return _Trusted(
            key=key, not_before=leaf.not_valid_before_utc, not_after=leaf.not_valid_after_utc
        )

    def _insist_on_chain(
        self, leaf: x509.Certificate, rest: Sequence[x509.Certificate], now: datetime
    ) -> None:
        """Have an authority vouch for a name of PayPal's that the certificate bears."""
        verifier = (
            PolicyBuilder()
            .store(self._authorities())
            .time(now.astimezone(UTC))
            .build_server_verifier(x509.DNSName(_name_in(leaf)))
        )
        verifier.verify(leaf, list(rest))

    def _authorities(self) -> Store:
        with self._lock:
            if self._store is None:
                pem = (self._ca_file or Path(certifi.where())).read_bytes()
                self._store = Store(_well_formed(pem))
            return self._store


def _well_formed(pem: bytes) -> list[x509.Certificate]:
    """Read the authorities of a file, without those that break the rules for certificates.

    The well-known ones have one among them that a coming release of the library refuses to read.
    """
    found = []
    with warnings.catch_warnings(action="error", category=CryptographyDeprecationWarning):
        for text in _CERTIFICATE.findall(pem):
            with suppress(ValueError, CryptographyDeprecationWarning):
                found.append(x509.load_pem_x509_certificate(text))
    return found


def _is_theirs(url: str) -> bool:
    """Whether an address is PayPal's own, spoken to over https."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_plain = parts.username is None and parts.password is None and port in (None, 443)
    return parts.scheme == "https" and is_plain and _is_below_domain(host)


def _name_in(leaf: x509.Certificate) -> str:
    """Give a name of PayPal's that a certificate bears.

    Raises:
        ValueError: it bears none.
    """
    try:
        names = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound as error:
        raise ValueError("the certificate has no names") from error
    if isinstance(names, x509.SubjectAlternativeName):
        for name in names.get_values_for_type(x509.DNSName):
            if _is_below_domain(name):
                return name
    raise ValueError("the certificate is somebody else's")


def _is_below_domain(host: str) -> bool:
    return host == DOMAIN or host.endswith(f".{DOMAIN}")
