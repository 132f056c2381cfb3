"""The documents that clients send, as far as the simulator goes by them."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from apps.kernel.decoding import decode
from infra.simulators.adyen.refusals import Refusal, required

Reference = Annotated[str, Meta(min_length=1, max_length=80)]

T = TypeVar("T")


class Amount(Struct, frozen=True):
    """Money in Adyen's units."""

    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    value: Annotated[int, Meta(ge=0)]


class Method(Struct, frozen=True, rename="camel"):
    """The way to pay: a stored card, or an Apple Pay token."""

    type: str = ""
    stored_payment_method_id: str | None = None
    apple_pay_token: str | None = None


class PaymentWish(Struct, frozen=True, rename="camel"):
    """The body of `/payments`."""

    merchant_account: str
    reference: Reference
    amount: Amount
    payment_method: Method
    return_url: Annotated[str, Meta(min_length=1, max_length=1024)]
    merchant_order_reference: str = ""
    shopper_reference: Annotated[str, Meta(min_length=3, max_length=256)] | None = None
    additional_data: dict[str, str] = {}


class Details(Struct, frozen=True, rename="camel"):
    """What a customer brought back."""

    redirect_result: str


class DetailsWish(Struct, frozen=True):
    """The body of `/payments/details`."""

    details: Details


class AmountWish(Struct, frozen=True, rename="camel"):
    """The body of a capture, a refund or an adjustment."""

    merchant_account: str
    amount: Amount
    reference: Reference | None = None


class CancelWish(Struct, frozen=True, rename="camel"):
    """The body of a cancel or a reversal."""

    merchant_account: str
    reference: Reference | None = None


class ReferenceCancelWish(Struct, frozen=True, rename="camel"):
    """The body of `/cancels`."""

    merchant_account: str
    payment_reference: Reference
    reference: Reference | None = None


def read(body: bytes, kind: type[T]) -> T:
    """Read a body.

    Raises:
        Refusal: it is no JSON, or something in it is missing or wrong.
    """
    try:
        return decode(body, kind)
    except msgspec.ValidationError as error:
        raise required(str(error)) from error
    except msgspec.DecodeError as error:
        raise Refusal(400, "702", "The body is not JSON.") from error
