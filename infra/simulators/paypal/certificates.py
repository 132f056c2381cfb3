"""The keys that the simulated PayPal signs with: made once, with an authority that vouches for them."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BITS = 2048
PUBLIC_EXPONENT = 65537
VALID_FROM = timedelta(days=-3660)
"""Counted from now, as the end; old enough that messages of a fixed day in the past can be verified."""
VALID_UNTIL = timedelta(days=3660)
SIGNER = "messageverificationcerts.paypal.com"
"""The name that PayPal's own certificates bear."""
CA_FILE = "ca.pem"
_KEY_FILE, _CERTIFICATE_FILE = "key.pem", "certificate.pem"


class Signer:
    """Signs messages. `certificate` is what proves it, `ca` who vouches for that, both as PEM."""

    def __init__(self, *, key: rsa.RSAPrivateKey, certificate: bytes, ca: bytes) -> None:
        """Sign with this key."""
        self._key = key
        self.certificate = certificate
        self.ca = ca

    def sign(self, message: bytes) -> bytes:
        """Give the signature of a message."""
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether a signature is ours."""
        return self.sign(message) == signature

    def key_pem(self) -> bytes:
        """Write the private key."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def new_signer(*, name: str = SIGNER) -> Signer:
    """Make an authority, and a key that it vouches for under a name; the authority's key is forgotten."""
    ca_key, key = _new_key(), _new_key()
    ca_name = _named("Simulated authority")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign"), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        _builder(_named(name), ca_name, key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return Signer(key=key, certificate=_pem(certificate), ca=_pem(ca))


def signer_in(folder: Path) -> Signer:
    """Read the signer of a folder; one that is missing is made and written first."""
    if not (folder / CA_FILE).exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = new_signer()
        # The authority comes last: where it is, the others are, too.
        for file, content in (
            (_KEY_FILE, made.key_pem()),
            (_CERTIFICATE_FILE, made.certificate),
            (CA_FILE, made.ca),
        ):
            _write_private(folder / file, content)
    key = serialization.load_pem_private_key((folder / _KEY_FILE).read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{folder / _KEY_FILE} holds a key of another kind")
    return Signer(
        key=key,
        certificate=(folder / _CERTIFICATE_FILE).read_bytes(),
        ca=(folder / CA_FILE).read_bytes(),
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, for its owner only."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, issuer_key: rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + VALID_FROM)
        .not_valid_after(now + VALID_UNTIL)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(identifier, critical=False)
    )


def _usage(*wanted: str) -> x509.KeyUsage:
    names: Sequence[str] = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: name in wanted for name in names})


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=BITS)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
