"""What we keep of a customer, tidied up and checked."""

import re
import unicodedata
from dataclasses import dataclass, fields
from enum import StrEnum

from apps.customers.domain.refusals import InvalidProfile


class Locale(StrEnum):
    """The languages that we write to customers in."""

    ENGLISH = "en"
    GERMAN = "de"


LONGEST_NAME = 100
# RFC 5321: 64 characters before the @, 254 in all.
LONGEST_EMAIL = 254
LONGEST_LOCAL_PART = 64
LONGEST_REGION = 32

# Mail servers that take other characters before the @ are too rare to promise that mail arrives.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_LABEL = re.compile(r"[^\W_]([\w-]*[^\W_])?")
_LONGEST_DOMAIN_LABEL = 63
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PHONE_PUNCTUATION = re.compile(r"[ ()./-]")
# E.164: a country code and up to 15 digits in all; text messages need the country code.
_PHONE = re.compile(r"\+[0-9]{5,15}")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A customer's name, ways to be reached, language and consent.

    `build` is for what people type; the constructor trusts what was stored after that.

    Attributes:
        email: as the customer writes it; two addresses that differ in case only are the same.
        phone: `+`, country code and number, or empty.
        region: where the customer's data live, such as `eu-west-1`.
    """

    name: str
    email: str
    phone: str
    locale: str
    region: str
    wants_email: bool
    wants_sms: bool

    @classmethod
    def build(
        cls,
        *,
        name: str,
        email: str,
        phone: str,
        locale: str,
        region: str,
        wants_email: bool,
        wants_sms: bool,
    ) -> "Profile":
        """Make a profile from what somebody typed; building it from a built one gives an equal one.

        Raises:
            InvalidProfile: a part is missing, too long or not what it should be; it is named.
        """
        return cls(
            name=_name(name),
            email=_email(email),
            phone=_phone(phone),
            locale=_locale(locale),
            region=_region(region),
            wants_email=wants_email,
            wants_sms=wants_sms,
        )

    def changed_fields(self, before: "Profile") -> list[str]:
        """Name what differs from an earlier profile."""
        return [
            field.name
            for field in fields(self)
            if getattr(self, field.name) != getattr(before, field.name)
        ]


def _name(typed: str) -> str:
    if _UNPRINTABLE.search(typed):
        raise _invalid("name", "A name holds no control characters or line breaks.")
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise _invalid("name", f"A name has 1 to {LONGEST_NAME} characters.")
    return name


def _email(typed: str) -> str:
    email = unicodedata.normalize("NFC", typed.strip())
    local_part, _, domain = email.rpartition("@")
    labels = domain.split(".")
    if (
        len(email) > LONGEST_EMAIL
        or len(local_part) > LONGEST_LOCAL_PART
        or _LOCAL_PART.fullmatch(local_part) is None
        or len(labels) < 2
        or not all(
            len(label) <= _LONGEST_DOMAIN_LABEL and _DOMAIN_LABEL.fullmatch(label)
            for label in labels
        )
    ):
        raise _invalid("email", "This is no email address, such as ada@example.com.")
    return email


def _phone(typed: str) -> str:
    phone = _PHONE_PUNCTUATION.sub("", typed.strip().replace("(0)", ""))
    if phone and _PHONE.fullmatch(phone) is None:
        raise _invalid("phone", "A telephone number has + and its country code, such as +49 30 …")
    return phone


def _locale(typed: str) -> str:
    if typed not in set(Locale):
        raise _invalid("locale", f"We write in {' and '.join(Locale)}.")
    return typed


def _region(typed: str) -> str:
    if len(typed) > LONGEST_REGION or _REGION.fullmatch(typed) is None:
        raise _invalid("region", "A region is a short name, such as eu-west-1.")
    return typed


def _invalid(field: str, detail: str) -> InvalidProfile:
    return InvalidProfile(detail, pointer=f"/{field}")
