"""Addresses: complete for their country, tidy, printable."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.address import COUNTRIES, Address, InvalidAddress, UnknownCountry

BERLIN = {
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "city": "Berlin",
    "postal_code": "10117",
    "country": "DE",
}
PARTS = ("name", "line1", "line2", "city", "region", "postal_code", "phone", "company")

# What CLDR lists beside the assigned codes: exceptional reservations, unions, pseudo-regions.
NOT_ASSIGNED = {
    "AC",
    "CP",
    "CQ",
    "DG",
    "EA",
    "EU",
    "EZ",
    "IC",
    "QO",
    "TA",
    "UN",
    "XA",
    "XB",
    "XK",
    "ZZ",
}

countries = st.sampled_from(["DE", "US", "IE"])
printable = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=10
).filter(str.strip)


class TestCountries:
    def test_are_those_that_are_officially_assigned(self) -> None:
        territories = {code for code in map(str, Locale("en").territories) if len(code) == 2}

        assert territories - NOT_ASSIGNED == COUNTRIES
        assert len(COUNTRIES) == 249

    @pytest.mark.parametrize("country", ["", "D", "DEU", "UK", "EU", "XX", "XK", "ZZ", "Germany"])
    def test_refuse_any_other_code(self, country: str) -> None:
        with pytest.raises(UnknownCountry) as refusal:
            Address.build(**BERLIN | {"country": country})
        assert refusal.value.code == "unknown_country"
        assert refusal.value.field == "country"
        assert refusal.value.context == {"field": "country"}


class TestBuild:
    def test_makes_an_address_of_what_is_there(self) -> None:
        assert Address.build(**BERLIN) == Address(
            name="Ada Lovelace",
            line1="Unter den Linden 1",
            line2="",
            city="Berlin",
            region="",
            postal_code="10117",
            country="DE",
            phone="",
            company="",
        )

    def test_tidies_what_people_type(self) -> None:
        address = Address.build(
            name="  Zoe\u0308   Müller ",
            company="\u00a0Analytical\u2003Engines ",
            line1="10  Downing Street",
            line2=" ",
            city="London ",
            region=" Greater London",
            postal_code=" sw1a  2aa ",
            country=" gb",
            phone=" +44 (0)20 7946-0018 ",
        )

        assert address.as_dict() == {
            "name": "Zoë Müller",
            "line1": "10 Downing Street",
            "line2": "",
            "city": "London",
            "region": "Greater London",
            "postal_code": "SW1A 2AA",
            "country": "GB",
            "phone": "+442079460018",
            "company": "Analytical Engines",
        }
        assert Address.build(**address.as_dict()) == address

    @pytest.mark.parametrize("field", ["name", "line1", "city"])
    @pytest.mark.parametrize("nothing", ["", "   ", "\u00a0"])
    def test_refuses_to_go_without_name_line_or_city(self, field: str, nothing: str) -> None:
        with pytest.raises(InvalidAddress) as refusal:
            Address.build(**BERLIN | {field: nothing})
        assert refusal.value.field == field
        assert refusal.value.code == "invalid_address"

    @pytest.mark.parametrize(
        "country", ["DE", "GB", "FR", "NL", "PL", "SE", "SG", "ZA", "CH", "PR"]
    )
    def test_needs_a_post_code_where_every_address_has_one(self, country: str) -> None:
        with pytest.raises(InvalidAddress) as refusal:
            Address.build(**BERLIN | {"country": country, "postal_code": " "})
        assert refusal.value.field == "postal_code"
        assert refusal.value.detail == f"An address in {country} needs a postal code."

    @pytest.mark.parametrize("country", ["IE", "HK", "AE", "QA", "JM", "KE", "AO", "PA"])
    def test_needs_no_post_code_where_many_have_none(self, country: str) -> None:
        assert Address.build(**BERLIN | {"country": country, "postal_code": ""}).postal_code == ""

    @pytest.mark.parametrize("country", ["US", "CA", "AU", "BR", "MX", "IN", "CN", "JP"])
    def test_needs_a_region_where_labels_carry_it(self, country: str) -> None:
        with pytest.raises(InvalidAddress) as refusal:
            Address.build(**BERLIN | {"country": country})
        assert refusal.value.field == "region"
        assert refusal.value.detail == f"An address in {country} needs a region."
        assert Address.build(**BERLIN | {"country": country, "region": "CA"}).region == "CA"

    def test_needs_both_in_the_united_states(self) -> None:
        with pytest.raises(InvalidAddress) as refusal:
            Address.build(**BERLIN | {"country": "US", "region": "CA", "postal_code": ""})
        assert refusal.value.field == "postal_code"

    @pytest.mark.parametrize("field", [part for part in PARTS if part != "phone"])
    def test_takes_parts_up_to_their_limit_and_no_longer(self, field: str) -> None:
        limit = 35 if field == "postal_code" else 100

        address = Address.build(**BERLIN | {field: "É" * limit})

        assert address.as_dict()[field] == "É" * limit
        with pytest.raises(InvalidAddress) as refusal:
            Address.build(**BERLIN | {field: "É" * (limit + 1)})
        assert refusal.value.field == field
        assert refusal.value.detail == f"This part is longer than {limit} characters."

    @pytest.mark.parametrize("field", [*PARTS, "country"])
    @pytest.mark.parametrize(
        "character", ["\x00", "\n", "\r", "\t", "\x7f", "\x85", "\u2028", "\ud800"]
    )
    def test_refuses_what_no_printer_prints(self, field: str, character: str) -> None:
        with pytest.raises(InvalidAddress, match="Control characters") as refusal:
            Address.build(**BERLIN | {field: f"12345{character}67"})
        assert refusal.value.field == field

    @pytest.mark.parametrize("field", [*PARTS, "country"])
    @pytest.mark.parametrize("value", [None, 5, True, b"Berlin", ["Berlin"]])
    def test_refuses_what_is_no_text(self, field: str, value: str) -> None:
        with pytest.raises(InvalidAddress, match="is text") as refusal:
            Address.build(**BERLIN | {field: value})
        assert refusal.value.field == field

    def test_measures_a_post_code_as_it_is_kept(self) -> None:
        assert Address.build(**BERLIN | {"postal_code": "ß" * 17}).postal_code == "SS" * 17
        with pytest.raises(InvalidAddress, match="longer than 35"):
            Address.build(**BERLIN | {"postal_code": "ß" * 18})

    @given(st.fixed_dictionaries(dict.fromkeys(PARTS, st.text())), countries)
    def test_answers_any_text_with_an_address_or_a_refusal(
        self, parts: dict[str, str], country: str
    ) -> None:
        try:
            address = Address.build(**parts, country=country)
        except InvalidAddress as refusal:
            assert refusal.field in PARTS
            return
        assert Address.build(**address.as_dict()) == address

    @given(
        st.fixed_dictionaries(
            dict.fromkeys(PARTS, printable)
            | {"phone": st.from_regex(r"\+?[0-9]{5,15}", fullmatch=True)}
        ),
        countries,
    )
    def test_changes_nothing_the_second_time(self, parts: dict[str, str], country: str) -> None:
        address = Address.build(**parts, country=country)

        assert Address.build(**address.as_dict()) == address


class TestPhone:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("+49 30 123456", "+4930123456"),
            ("+49 (0)30/123-456", "+4930123456"),
            ("030 12.34.56", "030123456"),
            ("(030) 123456", "030123456"),
            ("12345", "12345"),
            ("+123456789012345", "+123456789012345"),
            ("", ""),
        ],
    )
    def test_is_kept_as_it_is_dialled(self, typed: str, kept: str) -> None:
        assert Address.build(**BERLIN | {"phone": typed}).phone == kept

    @pytest.mark.parametrize(
        "typed",
        [
            "1234",
            "+1234567890123456",
            "++4930123456",
            "49+30123456",
            "call me",
            "٠٣٠١٢٣٤٥٦",
            "-",
            "+",
        ],
    )
    def test_is_refused_when_nobody_could_dial_it(self, typed: str) -> None:
        with pytest.raises(InvalidAddress, match="5 to 15 digits") as refusal:
            Address.build(**BERLIN | {"phone": typed})
        assert refusal.value.field == "phone"

    def test_is_refused_when_it_is_a_story(self) -> None:
        with pytest.raises(InvalidAddress, match="longer than 35") as refusal:
            Address.build(**BERLIN | {"phone": "0 " * 30})
        assert refusal.value.field == "phone"
