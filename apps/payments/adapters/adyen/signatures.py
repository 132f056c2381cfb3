"""The signature that every item of a webhook carries, and the password of the endpoint."""

import base64
import hashlib
import hmac

from apps.payments.adapters.adyen.objects import Amount, Item

SIGNATURE_FIELD = "hmacSignature"


def signature_of(item: Item, key: str) -> str:
    """Give the signature that belongs to an item; `key` is in hexadecimal, as Adyen shows it."""
    amount = item.amount or Amount(currency=None, value=None)
    fields = (
        item.psp_reference,
        item.original_reference,
        item.merchant_account_code,
        item.merchant_reference,
        amount.value,
        amount.currency,
        item.event_code,
        item.success_text,
    )
    signed = ":".join("" if field is None else str(field) for field in fields)
    digest = hmac.new(bytes.fromhex(key), signed.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def is_signed(item: Item, key: str) -> bool:
    """Whether an item carries its own signature; without a key nothing does."""
    given = (item.additional_data or {}).get(SIGNATURE_FIELD)
    if not key or not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode(), signature_of(item, key).encode())


def is_password(header: str, *, user: str, password: str) -> bool:
    """Whether an `Authorization` header is this user's by HTTP Basic."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return hmac.compare_digest(header.encode(), wanted.encode())
