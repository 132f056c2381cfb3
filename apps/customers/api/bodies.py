"""What storefronts send and get, as types; the schema is made from them."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from apps.platform.web.bodies import Instant

Text = Annotated[str, Meta(max_length=300)]
Language = Annotated[str, Meta(max_length=8, examples=["en", "de"])]
Country = Annotated[str, Meta(min_length=2, max_length=2, examples=["DE"])]


class RegisterCustomerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer to register; without a region it is the one of this platform."""

    email: Annotated[Text, Meta(examples=["ada@example.com"])]
    name: Text
    phone: Text = ""
    locale: Language = "en"
    region: Annotated[str, Meta(max_length=32)] = ""
    wants_email: bool = True
    wants_sms: bool = False


class ChangeCustomerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays as it is."""

    email: Text | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    locale: Language | UnsetType = UNSET
    wants_email: bool | UnsetType = UNSET
    wants_sms: bool | UnsetType = UNSET


class CustomerAddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to keep."""

    name: Text
    line1: Text
    city: Text
    country: Country
    postal_code: Text = ""
    line2: Text = ""
    region: Text = ""
    phone: Text = ""
    company: Text = ""


class ChangeAddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays as it is, empty text takes a part away."""

    name: Text | UnsetType = UNSET
    line1: Text | UnsetType = UNSET
    city: Text | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    postal_code: Text | UnsetType = UNSET
    line2: Text | UnsetType = UNSET
    region: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    company: Text | UnsetType = UNSET


class SavePaymentMethodBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment method as its provider's token; never a card number."""

    provider: Annotated[str, Meta(min_length=1, max_length=32, examples=["stripe"])]
    type: Annotated[str, Meta(min_length=1, max_length=32, examples=["card"])]
    # Printable ASCII, as orders take it.
    token: Annotated[
        str,
        Meta(min_length=1, max_length=255, pattern=r"^[!-~]*$(?!\n)", examples=["pm_card_visa"]),
    ]
    brand: Annotated[str, Meta(max_length=32)] = ""
    last4: Annotated[str, Meta(max_length=4)] = ""
    expiry_month: int | None = None
    expiry_year: int | None = None


class CustomerDocument(Struct, frozen=True, kw_only=True):
    """A customer."""

    id: UUID
    email: str
    name: str
    phone: str
    locale: str
    region: str
    wants_email: bool
    wants_sms: bool
    created_at: Instant
    updated_at: Instant


class CustomerAddressDocument(Struct, frozen=True, kw_only=True):
    """An address of a customer."""

    id: UUID
    name: str
    company: str
    line1: str
    line2: str
    postal_code: str
    city: str
    region: str
    country: str
    phone: str


class CustomerAddressesDocument(Struct, frozen=True, kw_only=True):
    """All addresses of a customer, the oldest first; `next` is always null."""

    results: list[CustomerAddressDocument]
    next: None = None


class PaymentMethodDocument(Struct, frozen=True, kw_only=True):
    """A saved payment method; `token` is what an order's payment takes."""

    id: UUID
    provider: str
    type: str
    token: str
    brand: str
    last4: str
    expiry_month: int | None
    expiry_year: int | None
    created_at: Instant


class PaymentMethodsDocument(Struct, frozen=True, kw_only=True):
    """All saved payment methods of a customer, the oldest first; `next` is always null."""

    results: list[PaymentMethodDocument]
    next: None = None
