"""What storefronts send and get, as types; the schema is made from them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from apps.customers.domain.identifiers import AddressId, PaymentMethodId
from apps.customers.domain.profile import Locale
from apps.customers.domain.saved_payment import FIRST_YEAR, LAST_YEAR, METHOD_TYPES
from apps.kernel.identifiers import CustomerId
from apps.platform.web.bodies import Instant

# What `extra_json_schema` says is told to callers here and refused by the use cases, in words of their own.
Text = Annotated[str, Meta(max_length=300)]
NeededText = Annotated[Text, Meta(extra_json_schema={"minLength": 1})]
Email = Annotated[NeededText, Meta(examples=["ada@example.com"])]
Name = Annotated[NeededText, Meta(examples=["Ada Example"])]
Street = Annotated[NeededText, Meta(examples=["Lindenweg 1"])]
City = Annotated[NeededText, Meta(examples=["Berlin"])]
PostalCode = Annotated[Text, Meta(examples=["10115"])]
Language = Annotated[
    str,
    Meta(max_length=8, examples=["en", "de"], extra_json_schema={"enum": sorted(Locale)}),
]
Country = Annotated[str, Meta(min_length=2, max_length=2, examples=["DE"])]


class RegisterCustomerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer to register; without a region it is the one of this platform."""

    email: Email
    name: Name
    phone: Text = ""
    locale: Language = "en"
    region: Annotated[str, Meta(max_length=32)] = ""
    wants_email: bool = True
    wants_sms: bool = False


class ChangeCustomerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays as it is."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    locale: Language | UnsetType = UNSET
    wants_email: bool | UnsetType = UNSET
    wants_sms: bool | UnsetType = UNSET


class CustomerAddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to keep."""

    name: Name
    line1: Street
    city: City
    country: Country
    postal_code: PostalCode = ""
    line2: Text = ""
    region: Text = ""
    phone: Text = ""
    company: Text = ""


class ChangeAddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays as it is, empty text takes a part away."""

    name: Name | UnsetType = UNSET
    line1: Street | UnsetType = UNSET
    city: City | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    postal_code: PostalCode | UnsetType = UNSET
    line2: Text | UnsetType = UNSET
    region: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    company: Text | UnsetType = UNSET


class SavePaymentMethodBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment method as its provider's token; never a card number."""

    provider: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=32,
            examples=["stripe"],
            extra_json_schema={"pattern": "^[a-z][a-z0-9_]*$"},
        ),
    ]
    type: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=32,
            examples=["card"],
            extra_json_schema={"enum": sorted(METHOD_TYPES)},
        ),
    ]
    # Printable ASCII, as orders take it.
    token: Annotated[
        str,
        Meta(min_length=1, max_length=255, pattern=r"^[!-~]*$(?!\n)", examples=["pm_card_visa"]),
    ]
    brand: Annotated[str, Meta(max_length=32)] = ""
    last4: Annotated[str, Meta(max_length=4)] = ""
    expiry_month: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 12})] | None = (
        None
    )
    expiry_year: (
        Annotated[int, Meta(extra_json_schema={"minimum": FIRST_YEAR, "maximum": LAST_YEAR})] | None
    ) = None


class CustomerDocument(Struct, frozen=True, kw_only=True):
    """A customer."""

    id: CustomerId
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

    id: AddressId
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

    id: PaymentMethodId
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
