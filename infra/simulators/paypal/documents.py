"""What arrives: JSON as PayPal's files describe it, as far as it is understood here."""

import re
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct

from apps.kernel.decoding import decode
from infra.simulators.paypal.refusals import Refusal

T = TypeVar("T")

OFFERED = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
        *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)
WHOLE = frozenset({"HUF", "JPY", "TWD"})
_NUMBER = re.compile(r"^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$")
LONGEST_NUMBER = 32


class Amount(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount as it is written."""

    currency_code: str
    value: str


class Unit(Struct, frozen=True, forbid_unknown_fields=True):
    """What is bought."""

    amount: Amount
    reference_id: str = "default"
    custom_id: str = ""
    invoice_id: str = ""
    description: str = ""


class Experience(Struct, frozen=True, forbid_unknown_fields=True):
    """What the payer sees, and where they go afterwards."""

    return_url: str = ""
    cancel_url: str = ""
    user_action: str = ""
    shipping_preference: str = ""
    landing_page: str = ""
    brand_name: str = ""
    locale: str = ""
    payment_method_preference: str = ""


class WalletSource(Struct, frozen=True, forbid_unknown_fields=True):
    """A wallet; with `vault_id` a saved one."""

    vault_id: str = ""
    experience_context: Experience = Experience()


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """What is paid with."""

    paypal: WalletSource | None = None


class CreateOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish for an order."""

    intent: str
    purchase_units: list[Unit]
    payment_source: Source | None = None


class AuthorizeOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish to authorise an order."""


class CaptureAuthorization(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish to take what is held, or a part of it."""

    amount: Amount | None = None
    final_capture: bool = False
    invoice_id: str = ""
    note_to_payer: str = ""
    soft_descriptor: str = ""


class Reauthorize(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish to have what is held authorised anew."""

    amount: Amount | None = None


class RefundCapture(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish to give back what was taken, or a part of it."""

    amount: Amount | None = None
    custom_id: str = ""
    invoice_id: str = ""
    note_to_payer: str = ""


def read(body: bytes, kind: type[T]) -> T:
    """Read a request's body; an empty one stands for an empty object.

    Raises:
        Refusal: it is not as described.
    """
    try:
        return decode(body or b"{}", kind)
    except msgspec.ValidationError as error:
        raise Refusal(400, "INVALID_PARAMETER_SYNTAX") from error
    except msgspec.DecodeError as error:
        raise Refusal(400, "INVALID_PARAMETER_SYNTAX", field="/") from error


def minor_of(amount: Amount, *, unsupported: str) -> int:
    """Count the smallest units of an amount; `unsupported` is the issue where decimals are too many.

    Raises:
        Refusal: PayPal does not take this amount.
    """
    if amount.currency_code not in OFFERED:
        raise Refusal(422, "INVALID_CURRENCY_CODE", field="currency_code")
    if len(amount.value) > LONGEST_NUMBER or not _NUMBER.match(amount.value):
        raise Refusal(400, "INVALID_PARAMETER_SYNTAX", field="value")
    number = Decimal(amount.value)
    if number <= 0:
        raise Refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE", field="value")
    if amount.currency_code in WHOLE and "." in amount.value:
        raise Refusal(422, unsupported, field="value")
    minor = number.scaleb(decimals_of(amount.currency_code))
    if minor != int(minor):
        raise Refusal(422, "DECIMAL_PRECISION", field="value")
    return int(minor)


def written(minor: int, currency: str) -> str:
    """Write an amount as PayPal does."""
    decimals = decimals_of(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f}"


def decimals_of(currency: str) -> int:
    """Say how many decimals PayPal writes."""
    return 0 if currency in WHOLE else 2
