"""The signatures of PayPal's messages: known answers, and what the headers have to be."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from apps.payments.adapters.paypal.certificates import Certificates
from apps.payments.adapters.paypal.checks import CertificateCheck, signed_text
from apps.payments.adapters.paypal.transmissions import Transmission
from apps.payments.adapters.paypal.transport import PayPalTransport
from apps.payments.ports import MessageRefused

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Made with `openssl dgst -sha256 -sign` over t-1|2026-11-22T12:00:00Z|TESTWEBHOOK|3421780262.
KEY = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlC394lWcm80Sll0pXKJW
4AEp16Rv4DIox0p4zVInp2EP42NYjLP6jdgJ5i225FZdtUHcd7EpdiZ2Vskup4n+
5whlxpN33k2Lm6fuCutNf0KnVOOYcvlrUfpsKr85rEQoM/xzNVq3GGQTh0cORRqq
seCT0veyQWDbzjvS94fJKRU0MxcDsgwevj7xr2LGCNUZgRCmNuZEUWMLubxBeVud
1GZ645Byb8PGubAMUurggIcNU76b97lI1hCv4lX9irO0va/Zcam0Gk6BZI236QhN
ewd1zkURBrRDg0BeGGzyhqylZ5o2V66SdL4qfUlSGYkzx0MWbVPFd90EgF9oHTDj
VwIDAQAB
-----END PUBLIC KEY-----
"""
SIGNATURE = (
    "CeN5TeA1GMBh4D/qiwFhSyp39MuTLarlq3UCZyr7Tx15u8KO0AHkr7Q5v+BjDXy6P6mBY34UrWT9EOSsp7nozu50"
    "GWddL5t4KU/qx6psD93Zu4luUpNjsb7sE2qwxfRRx/55Ed6CpWcSWN0hL332DsdG2KZoakaAIC+ipBQCIZyXkDxd"
    "UUOA3ZPSptpPheNpDdlE4IUgx1g4umq6XTcefP8wG3ox0k7G1XgBYcouwEncR/chpBdVq61kehOIS6ULu7FxmLlb"
    "xDh4PFtz0c2EIP1lAx+2OqX3h2k8HXW84QOlI1SQ1/wYJPrY4BxMs6iSWjoKvRwPhRNdHnrZdG/3ug=="
)
# Its CRC-32 is the check value that every description of the algorithm gives: CBF43926.
BODY = b"123456789"
HEADERS = {
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    "paypal-transmission-id": "t-1",
    "paypal-transmission-sig": SIGNATURE,
    "paypal-transmission-time": "2026-11-22T12:00:00Z",
}


class OneCertificate(Certificates):
    """Has the certificate already."""

    def __init__(self) -> None:
        super().__init__(PayPalTransport(connect_seconds=1, read_seconds=1))

    def key_at(self, url: str, now: datetime) -> RSAPublicKey:
        key = load_pem_public_key(KEY)
        assert isinstance(key, RSAPublicKey)
        return key


class TestASignature:
    def test_is_over_names_time_and_checksum(self) -> None:
        text = signed_text(Transmission.of(HEADERS, NOW), "TESTWEBHOOK", BODY)

        assert text == b"t-1|2026-11-22T12:00:00Z|TESTWEBHOOK|3421780262"

    def test_that_is_known_to_be_right_is_taken(self) -> None:
        check = CertificateCheck(OneCertificate(), webhook_id="TESTWEBHOOK")

        check.insist(Transmission.of(HEADERS, NOW), BODY, NOW)

    @pytest.mark.parametrize(
        ("webhook_id", "body"), [("TESTWEBHOOK", b"123456788"), ("OTHER", BODY)]
    )
    def test_of_something_else_is_not(self, webhook_id: str, body: bytes) -> None:
        check = CertificateCheck(OneCertificate(), webhook_id=webhook_id)

        with pytest.raises(MessageRefused, match="not PayPal's"):
            check.insist(Transmission.of(HEADERS, NOW), body, NOW)


class TestTheHeaders:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *((name, "") for name in HEADERS),
            ("paypal-auth-algo", "SHA1withRSA"),
            ("paypal-transmission-id", "é"),
            ("paypal-transmission-sig", "x" * 1025),
            ("paypal-transmission-time", "yesterday"),
            ("paypal-transmission-time", "2026-11-18T11:59:59Z"),
            ("paypal-transmission-time", "2026-11-22T12:05:01Z"),
        ],
    )
    def test_have_to_be_right(self, name: str, value: str) -> None:
        with pytest.raises(MessageRefused):
            Transmission.of({**HEADERS, name: value}, NOW)

    def test_may_leave_the_zone_to_us(self) -> None:
        found = Transmission.of({**HEADERS, "paypal-transmission-time": "2026-11-22T12:00:00"}, NOW)

        assert found.time == "2026-11-22T12:00:00"
