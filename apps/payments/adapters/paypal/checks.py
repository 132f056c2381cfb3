"""The two ways to make sure that a message is PayPal's: by its certificate, or by asking PayPal."""

import base64
import binascii
import zlib
from datetime import datetime
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from apps.payments.adapters.paypal.certificates import Certificates
from apps.payments.adapters.paypal.failures import NotPossible
from apps.payments.adapters.paypal.requests import PayPalRequests
from apps.payments.adapters.paypal.transmissions import ALGORITHM, Transmission
from apps.payments.ports import MessageRefused

VERIFY = "/v1/notifications/verify-webhook-signature"


class Check(Protocol):
    """A way to make sure that a message is PayPal's."""

    def insist(self, transmission: Transmission, body: bytes, now: datetime) -> None:
        """Let pass what PayPal has sent to our webhook.

        Raises:
            MessageRefused: it is not PayPal's.
            GatewayUnavailable: that cannot be found out now.
        """


class CertificateCheck:
    """Checks the signature here, with the certificate that the message names."""

    def __init__(self, certificates: Certificates, *, webhook_id: str) -> None:
        """Check messages to the webhook of this name."""
        self._certificates = certificates
        self._webhook_id = webhook_id

    def insist(self, transmission: Transmission, body: bytes, now: datetime) -> None:
        """Compare the signature with what was to be signed."""
        try:
            signature = base64.b64decode(transmission.signature, validate=True)
        except binascii.Error as error:
            raise MessageRefused("The signature cannot be read.") from error
        key = self._certificates.key_at(transmission.certificate_url, now)
        message = signed_text(transmission, self._webhook_id, body)
        try:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise MessageRefused("The signature is not PayPal's.") from error


class PostbackCheck:
    """Asks PayPal whether it has sent a message."""

    def __init__(self, requests: PayPalRequests, *, webhook_id: str) -> None:
        """Check messages to the webhook of this name."""
        self._requests = requests
        self._webhook_id = webhook_id

    def insist(self, transmission: Transmission, body: bytes, now: datetime) -> None:
        """Send the message back as it came, to the last blank, for only so its signature fits."""
        fields = {
            "auth_algo": ALGORITHM,
            "cert_url": transmission.certificate_url,
            "transmission_id": transmission.id,
            "transmission_sig": transmission.signature,
            "transmission_time": transmission.time,
            "webhook_id": self._webhook_id,
        }
        # The body is whole JSON by itself, which has been made sure of before it came here.
        question = msgspec.json.encode({**fields, "webhook_event": msgspec.Raw(body)})
        try:
            said = self._requests.ask(VERIFY, question, answer=_Verdict)
        except NotPossible as refusal:
            raise MessageRefused("PayPal does not understand the signature.") from refusal
        if said.verification_status != "SUCCESS":
            raise MessageRefused("PayPal has not sent this message.")


class _Verdict(msgspec.Struct, frozen=True):
    verification_status: str


def signed_text(transmission: Transmission, webhook_id: str, body: bytes) -> bytes:
    """Give the text that PayPal signs for a message to a webhook."""
    checksum = zlib.crc32(body)
    return f"{transmission.id}|{transmission.time}|{webhook_id}|{checksum}".encode()
