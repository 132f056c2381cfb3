"""Who receives the simulated PayPal's events, and how they are signed and verified."""

import base64
import binascii
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from apps.kernel.decoding import decode
from infra.simulators.paypal.certificates import Signer
from infra.simulators.paypal.refusals import Refusal

ANNOUNCED = (
    "CHECKOUT.ORDER.APPROVED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.DENIED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
)
"""What a receiver is subscribed to unless it says otherwise."""
ALGORITHM = "SHA256withRSA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who receives the events: the address, and the name under which PayPal knows it."""

    url: str
    webhook_id: str
    types: tuple[str, ...] = ANNOUNCED
    """What is sent; `*` stands for everything."""

    def wants(self, event_type: str) -> bool:
        """Whether events of a type are sent."""
        return event_type in self.types or "*" in self.types


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """What a receiver sends back to have a message verified; the event is taken as it is written."""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: str
    webhook_event: msgspec.Raw


class Post:
    """Signs messages, and tells whether it has signed one."""

    def __init__(self, signer: Signer, *, base: str) -> None:
        """Sign with this signer, whose certificate is found below `base`."""
        self._signer = signer
        serial = zlib.crc32(signer.certificate)
        self.certificate_path = f"/v1/notifications/certs/CERT-{serial:08x}"
        self._certificate_url = base + self.certificate_path

    @property
    def certificate(self) -> bytes:
        """The certificate, as PEM."""
        return self._signer.certificate

    def signed(self, body: bytes, webhook_id: str) -> tuple[bytes, dict[str, str]]:
        """Give a body with the headers that it is sent with at this moment."""
        name = str(uuid.uuid4())
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = self._signer.sign(signed_text(name, time, webhook_id, body))
        return body, {
            "Content-Type": "application/json",
            "PAYPAL-AUTH-ALGO": ALGORITHM,
            "PAYPAL-CERT-URL": self._certificate_url,
            "PAYPAL-TRANSMISSION-ID": name,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-TRANSMISSION-TIME": time,
            "User-Agent": "PayPal/simulated",
        }

    def verify(self, document: bytes) -> dict[str, str]:
        """Answer whether a message that is sent back was signed here.

        Raises:
            Refusal: the question is not well put.
        """
        try:
            asked = decode(document, Question)
        except msgspec.MsgspecError as error:
            raise Refusal(400, "VALIDATION_ERROR") from error
        text = signed_text(
            asked.transmission_id,
            asked.transmission_time,
            asked.webhook_id,
            bytes(asked.webhook_event),
        )
        try:
            signature = base64.b64decode(asked.transmission_sig, validate=True)
        except binascii.Error:
            signature = b""
        is_ours = asked.auth_algo == ALGORITHM and asked.cert_url == self._certificate_url
        good = is_ours and self._signer.has_signed(text, signature)
        return {"verification_status": "SUCCESS" if good else "FAILURE"}


def signed_text(name: str, time: str, webhook_id: str, body: bytes) -> bytes:
    """Give the text that is signed: names, time, and a checksum of the body."""
    return f"{name}|{time}|{webhook_id}|{zlib.crc32(body)}".encode()
