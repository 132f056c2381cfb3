"""Where a parcel goes: a postal address a carrier will take."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from apps.kernel.errors import DomainError


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ISO 3166-1 alpha-2, officially assigned codes.
COUNTRIES = _codes(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)

# Where every address has a post code and mail without one goes astray. Elsewhere it is welcome but
# many people have none (Ireland, Hong Kong, the Emirates), so that asking would turn them away.
_NEEDS_POSTAL_CODE = _codes(
    "AS AT AU AX BE BG BL BR CA CH CN CY CZ DE DK EE ES FI FO FR GB GF GG GL GP GR GU HR HU IL IM "
    "IN IS IT JE JP KR LI LT LU LV MC MF MP MQ MT MX MY NC NL NO NZ PH PL PM PR PT RE RO RU SA SE "
    "SG SI SJ SK SM TH TR TW UA US VA VI YT ZA"
)

# Where a label without the state, province or prefecture is refused.
_NEEDS_REGION = _codes("AU BR CA CN IN JP MX US")

_MAX_CHARACTERS = {"postal_code": 35, "phone": 35}
_MAX_CHARACTERS_OTHERWISE = 100
# Control characters (NUL cannot be stored, line breaks tear labels apart) and lone surrogates.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PHONE_PUNCTUATION = re.compile(r"[ ()./-]")
# E.164 allows 15 digits; the shortest national numbers have five.
_PHONE = re.compile(r"\+?[0-9]{5,15}")


class InvalidAddress(DomainError):
    """A parcel cannot go there as it is written; correct `field` and send it again."""

    code: ClassVar[str] = "invalid_address"

    def __init__(self, detail: str, *, field: str) -> None:
        """Name the first field at fault, such as `postal_code`."""
        super().__init__(detail, field=field)
        self.field = field


class UnknownCountry(InvalidAddress):
    """There is no such country; send its ISO 3166 code of two letters, such as DE."""

    code: ClassVar[str] = "unknown_country"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A postal address. Absent parts are empty text.

    `build` is for what people type; the constructor itself trusts what was stored after that.

    Attributes:
        region: state, province or prefecture, as its country writes it.
        country: ISO 3166 code of two upper-case letters.
        phone: for the carrier's questions; digits only, with `+` before a country code.
    """

    name: str
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postal_code: str = ""
    country: str
    phone: str = ""
    company: str = ""

    @classmethod
    def build(
        cls,
        *,
        name: str,
        line1: str,
        city: str,
        country: str,
        line2: str = "",
        region: str = "",
        postal_code: str = "",
        phone: str = "",
        company: str = "",
    ) -> "Address":
        """Make an address from what somebody typed, tidied up and complete for its country.

        Spaces around and runs of spaces within are tidied, text is brought to Unicode form NFC and
        punctuation leaves the telephone number. Name, first line and city are always needed, post
        code and region where the country's post needs them. Building from `as_dict` of a built
        address gives an equal one.

        Raises:
            UnknownCountry: `country` is no ISO 3166 code of two letters, in either case.
            InvalidAddress: a part is missing, too long (35 characters for post code and telephone,
                100 for the others), holds control characters, or is no telephone number.
        """
        code = _tidied("country", country).upper()
        if code not in COUNTRIES:
            raise UnknownCountry(
                "A country is an ISO 3166 code of two letters, such as DE.", field="country"
            )
        address = cls(
            name=_tidied("name", name),
            line1=_tidied("line1", line1),
            line2=_tidied("line2", line2),
            city=_tidied("city", city),
            region=_tidied("region", region),
            # Upper case can be longer (ß becomes SS), so it is measured once more.
            postal_code=_tidied("postal_code", _tidied("postal_code", postal_code).upper()),
            country=code,
            phone=_dialable(_tidied("phone", phone)),
            company=_tidied("company", company),
        )
        address._refuse_if_incomplete()
        return address

    def as_dict(self) -> dict[str, str]:
        """Give every part by name, the absent ones as empty text."""
        return {part: getattr(self, part) for part in self.__slots__}

    def _refuse_if_incomplete(self) -> None:
        needed = {
            "name": self.name,
            "line1": self.line1,
            "city": self.city,
            "region": self.region or self.country not in _NEEDS_REGION,
            "postal_code": self.postal_code or self.country not in _NEEDS_POSTAL_CODE,
        }
        for field, is_there in needed.items():
            if not is_there:
                raise InvalidAddress(
                    f"An address in {self.country} needs a {field.replace('_', ' ')}.", field=field
                )


def _tidied(field: str, text: str) -> str:
    if not isinstance(text, str):
        raise InvalidAddress("This part of an address is text.", field=field)
    if _UNPRINTABLE.search(text):
        raise InvalidAddress("Control characters and line breaks cannot be printed.", field=field)
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    limit = _MAX_CHARACTERS.get(field, _MAX_CHARACTERS_OTHERWISE)
    if len(tidy) > limit:
        raise InvalidAddress(f"This part is longer than {limit} characters.", field=field)
    return tidy


def _dialable(phone: str) -> str:
    if phone.startswith("+"):
        # +49 (0)30 …: the bracketed zero is dialled inside the country only.
        phone = phone.replace("(0)", "")
    digits = _PHONE_PUNCTUATION.sub("", phone)
    if phone and _PHONE.fullmatch(digits) is None:
        raise InvalidAddress(
            "A telephone number has 5 to 15 digits, with + before a country code.", field="phone"
        )
    return digits
