"""News, as the receiver of webhooks gets it: written, signed, with a password."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from infra.simulators.adyen.books import new_reference
from infra.simulators.adyen.cards import CARDS
from infra.simulators.adyen.objects import Modification, Notice, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who receives the news, with which key it is signed, and with which password it comes."""

    url: str
    key: str
    user: str = ""
    password: str = ""


def news_of(
    payment: Payment,
    event: str,
    *,
    success: bool = True,
    reason: str = "",
    psp_reference: str = "",
) -> Notice:
    """Tell about a payment itself; without a reference of its own the news has the payment's."""
    return Notice(
        id=new_reference(),
        created=int(time.time()),
        event=event,
        success=success,
        psp_reference=psp_reference or payment.id,
        original_reference=payment.id if psp_reference else "",
        merchant=payment.merchant,
        reference=payment.reference,
        value=payment.amount,
        currency=payment.currency,
        method=CARDS[payment.token].brand,
        reason=reason,
    )


def news_of_change(
    payment: Payment,
    modification: Modification,
    event: str,
    *,
    success: bool | None = None,
    more: dict[str, str] | None = None,
) -> Notice:
    """Tell about something that was asked to be done with a payment."""
    return Notice(
        id=new_reference(),
        created=int(time.time()),
        event=event,
        success=modification.is_done if success is None else success,
        psp_reference=modification.id,
        original_reference=payment.id,
        merchant=payment.merchant,
        reference=modification.reference,
        value=modification.amount or payment.amount,
        currency=payment.currency,
        method=CARDS[payment.token].brand,
        reason=modification.reason,
        more=more or {},
    )


def letter_of(notice: Notice, endpoint: Endpoint) -> tuple[bytes, dict[str, str]]:
    """Give the body and the headers of the webhook that carries a notice."""
    item = _item(notice)
    signature = {"hmacSignature": sign(item, endpoint.key)}
    letter = {
        "live": "false",
        "notificationItems": [
            {"NotificationRequestItem": {**item, "additionalData": {**notice.more, **signature}}}
        ],
    }
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if endpoint.user:
        pair = f"{endpoint.user}:{endpoint.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return msgspec.json.encode(letter), headers


def sign(item: dict[str, object], key: str) -> str:
    """Give the signature of an item under a key in hexadecimal."""
    amount = item["amount"]
    if not isinstance(amount, dict):
        raise TypeError("an item has an amount")
    before, behind = ("merchantAccountCode", "merchantReference"), ("eventCode", "success")
    fields = ("pspReference", "originalReference", *before)
    parts = [str(item.get(name, "")) for name in fields]
    parts += [str(amount["value"]), str(amount["currency"])]
    parts += [str(item[name]) for name in behind]
    digest = hmac.new(bytes.fromhex(key), ":".join(parts).encode(), hashlib.sha256)
    return base64.b64encode(digest.digest()).decode()


def _item(notice: Notice) -> dict[str, object]:
    item: dict[str, object] = {
        "eventCode": notice.event,
        "success": "true" if notice.success else "false",
        "eventDate": datetime.fromtimestamp(notice.created, UTC).isoformat(),
        "merchantAccountCode": notice.merchant,
        "merchantReference": notice.reference,
        "pspReference": notice.psp_reference,
        "amount": {"currency": notice.currency, "value": notice.value},
        "paymentMethod": notice.method,
    }
    if notice.original_reference:
        item["originalReference"] = notice.original_reference
    if notice.reason:
        item["reason"] = notice.reason
    return item
