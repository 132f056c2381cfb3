"""The part of Adyen's answers and messages that we go by; what else they carry is passed over."""

from typing import Any

from msgspec import Struct


class Amount(Struct, frozen=True):
    """Money in Adyen's units."""

    currency: str | None = ""
    value: int | None = 0


class Action(Struct, frozen=True):
    """What the customer has to do before a payment goes on."""

    type: str = ""
    url: str | None = None
    method: str | None = None


class Method(Struct, frozen=True):
    """The way to pay that was used."""

    brand: str | None = None


class PaymentAnswer(Struct, frozen=True, rename="camel"):
    """How a payment stands, as `/payments` and `/payments/details` tell it."""

    result_code: str
    psp_reference: str | None = None
    merchant_reference: str | None = None
    amount: Amount | None = None
    action: Action | None = None
    payment_method: Method | None = None
    additional_data: dict[str, Any] | None = None
    refusal_reason: str | None = None
    refusal_reason_code: str | None = None

    @property
    def brand(self) -> str:
        """The card's brand as we write it; a wallet tells it in another place than a card."""
        told = (self.additional_data or {}).get("paymentMethod")
        named = self.payment_method.brand if self.payment_method is not None else None
        return brand_name(named or (told if isinstance(told, str) else None))

    @property
    def last4(self) -> str:
        """The card's last four digits, where the account is set to tell them."""
        return last_four((self.additional_data or {}).get("cardSummary"))


class Received(Struct, frozen=True, rename="camel"):
    """Adyen has taken a capture, cancel or refund; how it ends is told by webhook."""

    psp_reference: str


class Problem(Struct, frozen=True, rename="camel"):
    """Why a request was not accepted."""

    error_code: str | None = None
    psp_reference: str | None = None


class Item(Struct, frozen=True, rename="camel"):
    """One piece of news in a webhook. What is not signed may be anything."""

    event_code: str
    success: str | bool
    psp_reference: str
    original_reference: str | None = None
    merchant_account_code: str | None = ""
    merchant_reference: str | None = ""
    amount: Amount | None = None
    payment_method: Any = None
    reason: Any = None
    additional_data: dict[str, Any] | None = None

    @property
    def success_text(self) -> str:
        """`true` or `false`, as Adyen writes and signs it."""
        return str(self.success).lower() if isinstance(self.success, bool) else self.success


class Wrapper(Struct, frozen=True, rename={"item": "NotificationRequestItem"}):
    """What an item is wrapped in."""

    item: Item


class Letter(Struct, frozen=True, rename="camel"):
    """A webhook: one or more items, from the live or the test environment."""

    live: str | bool
    notification_items: list[Wrapper]

    @property
    def is_live(self) -> bool:
        """Whether it is about real money."""
        return str(self.live).lower() == "true"


BRANDS = {"mc": "mastercard"}
WALLET_ENDINGS = ("_applepay", "_googlepay")


def brand_name(variant: str | None) -> str:
    """Give a card's brand as we write it: without the wallet that it came from."""
    name = variant or ""
    for ending in WALLET_ENDINGS:
        name = name.removesuffix(ending)
    return BRANDS.get(name, name)


def last_four(text: object) -> str:
    """Give the text if it is four digits, else nothing."""
    return text if isinstance(text, str) and len(text) == 4 and text.isdigit() else ""
