"""What a placement may look like at all: each limit at its edge, and one step beyond it."""

import json
from typing import Any, Literal

import msgspec
import pytest

from apps.kernel.address import InvalidAddress
from apps.kernel.decoding import decode
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import CustomerId, new_id
from apps.orders.api.bodies import CancelBody, PlaceOrderBody
from apps.orders.api.placements import placement_of
from apps.orders.api.refund_bodies import RefundBody
from apps.orders.domain.refusals import ForeignCustomer, UnsupportedChoice
from apps.platform.web.principals import Principal

CUSTOMER = CustomerId(new_id())
BODY: dict[str, Any] = {
    "customer_id": str(CUSTOMER),
    "currency": "EUR",
    "items": [{"sku": "SKU-0001", "quantity": 2, "unit_price": "19.90"}],
    "shipping": {
        "method": "standard",
        "address": {
            "name": "Ada Example",
            "line1": "Lindenweg 1",
            "city": "Berlin",
            "postal_code": "10115",
            "country": "DE",
            "phone": "+49301234",
        },
    },
    "payment": {"provider": "stripe", "method": {"type": "card", "token": "pm_card_visa"}},
    "metadata": {"cart": "7"},
}
GONE = object()


def principal(kind: Literal["customer", "service"], customer_id: CustomerId | None) -> Principal:
    return Principal(
        subject="s", kind=kind, customer_id=customer_id, scopes=frozenset(), client_id="s"
    )


SERVICE, ADA = principal("service", None), principal("customer", CUSTOMER)


def read(kind: type[Any], told: dict[str, Any]) -> Any:
    return decode(json.dumps(told).encode(), kind)


def changed(path: str, value: object) -> dict[str, Any]:
    """Give the body with another value at `items.0.sku`, or with none."""
    body = json.loads(json.dumps(BODY))
    *steps, last = path.split(".")
    place = body
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return dict(body)


def order(path: str = "metadata", value: object = None) -> PlaceOrderBody:
    found = read(PlaceOrderBody, BODY if value is None else changed(path, value))
    assert isinstance(found, PlaceOrderBody)
    return found


class TestAPlacement:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("items.0.sku", "S" * 64),
            ("items.0.unit_price", GONE),
            ("items.0.unit_price", "9" * 20),
            # What no order can have the use case refuses, by names of its own.
            ("items.0.quantity", 0),
            ("items.0.quantity", 1000),
            ("shipping.address.name", "N" * 100),
            ("shipping.address.postal_code", GONE),
            ("shipping.address.company", "C" * 100),
            ("shipping.method", "m" * 32),
            ("payment.provider", GONE),
            ("payment.method.token", "t" * 10_000),
            ("payment.method.token", "!~"),
            ("payment.method.token", GONE),
            ("payment.method.tokens", {f"p{n}": "t" for n in range(10)}),
            ("payment.method.tokens", {"stripe_eu-1": "pm_1"}),
            ("metadata", {}),
            ("metadata", {"k" * 64: {"deep": [1, None]}}),
            ("metadata", {str(n): n for n in range(50)}),
            ("customer_id", GONE),
        ],
    )
    def test_is_read_up_to_its_limits(self, path: str, value: object) -> None:
        assert read(PlaceOrderBody, changed(path, value))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("items.0.sku", ""),
            ("items.0.sku", "S" * 65),
            ("items.0.sku", GONE),
            ("items.0.unit_price", 19.9),
            ("items.0.unit_price", "9" * 21),
            ("items.0.quantity", 1.5),
            ("items.0.quantity", True),
            ("items.0.quantity", GONE),
            ("items", GONE),
            ("shipping.address.name", "N" * 101),
            ("shipping.address.name", GONE),
            ("shipping.address.line1", None),
            ("shipping.address.city", GONE),
            ("shipping.address.country", "D"),
            ("shipping.address.country", "DEU"),
            ("shipping.address.company", "C" * 101),
            ("shipping.address.vat", "DE1"),
            ("shipping.method", "m" * 33),
            ("shipping.insured", True),
            ("payment.provider", "p" * 33),
            ("payment.method.type", "t" * 33),
            ("payment.method.token", ""),
            ("payment.method.token", "t" * 10_001),
            ("payment.method.token", "pm card"),
            ("payment.method.token", "pm_ü"),
            ("payment.method.token", "pm_1\n"),
            ("payment.method.tokens", {}),
            ("payment.method.tokens", {f"p{n}": "t" for n in range(11)}),
            ("payment.method.tokens", {"Stripe": "pm_1"}),
            ("payment.method.tokens", {"stripe\n": "pm_1"}),
            ("payment.method.tokens", {"stripe": ""}),
            ("payment.method.tokens", {"stripe": None}),
            ("payment.method.number", "1"),
            ("payment", GONE),
            ("metadata", None),
            ("metadata", {"k" * 65: 1}),
            ("metadata", {str(n): n for n in range(51)}),
            ("currency", "EU"),
            ("currency", "EURO"),
            ("currency", GONE),
            ("customer_id", "7"),
        ],
    )
    def test_is_refused_beyond_them_at_that_place(self, path: str, value: object) -> None:
        with pytest.raises(msgspec.ValidationError) as refused:
            read(PlaceOrderBody, changed(path, value))
        *owner, last = path.split(".")
        said = str(refused.value)
        steps = "".join(f"[{one}]" if one.isdigit() else f".{one}" for one in owner)
        # Of a member that is missing or unknown, its owner is the place.
        assert f"${steps}.{last}" in said or f"`{last}`" in said
        assert not steps or f"${steps}" in said


class TestWhatItAsksFor:
    def test_is_what_was_written(self) -> None:
        placement = placement_of(order(), SERVICE)
        (line,) = placement.lines
        assert (line.sku, line.quantity, line.unit_price_minor, line.position) == (
            "SKU-0001",
            2,
            1990,
            0,
        )
        assert (placement.customer_id, placement.currency) == (CUSTOMER, "EUR")
        assert (placement.payment.provider, placement.payment.token) == ("stripe", "pm_card_visa")
        assert placement.shipping_address.city == "Berlin"
        assert placement.metadata == {"cart": "7"}

    def test_counts_its_lines_from_nought(self) -> None:
        lines = [{"sku": sku, "quantity": 1} for sku in "ABA"]
        placement = placement_of(order("items", lines), SERVICE)
        assert [(one.sku, one.position, one.unit_price_minor) for one in placement.lines] == [
            ("A", 0, None),
            ("B", 1, None),
            ("A", 2, None),
        ]

    def test_is_left_to_the_rules_where_no_provider_is_named(self) -> None:
        payment = {"method": {"type": "card", "tokens": {"stripe": "pm_1"}}}
        wish = placement_of(order("payment", payment), SERVICE).payment
        assert (wish.provider, wish.token, wish.tokens) == ("auto", "", {"stripe": "pm_1"})

    def test_is_for_the_customer_whose_token_it_is(self) -> None:
        assert placement_of(order("customer_id", GONE), ADA).customer_id == CUSTOMER

    def test_is_for_nobody_else(self) -> None:
        with pytest.raises(ForeignCustomer):
            placement_of(order("customer_id", str(new_id())), ADA)

    def test_is_for_somebody(self) -> None:
        with pytest.raises(UnsupportedChoice) as refused:
            placement_of(order("customer_id", GONE), SERVICE)
        assert refused.value.context["pointer"] == "/customer_id"

    @pytest.mark.parametrize(
        ("path", "value", "code", "pointer"),
        [
            ("currency", "GBP", "unsupported_choice", "/currency"),
            ("items.0.unit_price", "19.901", "invalid_amount", "/items/0/unit_price"),
            ("items.0.unit_price", "-0.01", "invalid_amount", "/items/0/unit_price"),
            ("shipping.address.city", " ", "invalid_address", "/shipping/address/city"),
            ("shipping.address.country", "XX", "unknown_country", "/shipping/address/country"),
        ],
    )
    def test_is_refused_by_name_where_no_order_can_have_it(
        self, path: str, value: str, code: str, pointer: str
    ) -> None:
        with pytest.raises(DomainError) as refused:
            placement_of(order(path, value), SERVICE)
        assert (refused.value.code, refused.value.context["pointer"]) == (code, pointer)

    def test_may_have_goods_that_cost_nothing(self) -> None:
        (line,) = placement_of(order("items.0.unit_price", "0.00"), SERVICE).lines
        assert line.unit_price_minor == 0

    def test_says_which_part_of_an_address_is_wrong(self) -> None:
        with pytest.raises(InvalidAddress) as refused:
            placement_of(order("shipping.address.name", ""), SERVICE)
        assert refused.value.context["field"] == "name"


class TestARefund:
    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"reason": "r" * 200},
            {"amount": "10.00"},
            {"amount": {"amount": "10.00", "currency": "EUR"}},
            {"items": [{"sku": "S" * 64, "quantity": 1}]},
            {"items": [{"sku": "A", "quantity": 999}] * 200},
        ],
    )
    def test_is_read_up_to_its_limits(self, told: dict[str, Any]) -> None:
        assert read(RefundBody, told)

    @pytest.mark.parametrize(
        "told",
        [
            # What is null is left out by mistake, and would give everything back.
            {"reason": None},
            {"reason": "r" * 201},
            {"amount": {"amount": "10.00", "currency": "EURO"}},
            {"amount": {"currency": "EUR"}},
            {"amount": ["10.00"]},
            {"items": [{"sku": "", "quantity": 1}]},
            {"items": [{"sku": "A", "quantity": 0}]},
            {"items": [{"sku": "A", "quantity": 1000}]},
            {"items": [{"sku": "A", "quantity": 1, "amount": "1.00"}]},
            {"items": [{"sku": "A", "quantity": 1}] * 201},
        ],
    )
    def test_is_refused_beyond_them(self, told: dict[str, Any]) -> None:
        with pytest.raises(msgspec.ValidationError):
            read(RefundBody, told)


@pytest.mark.parametrize(("length", "fits"), [(0, True), (200, True), (201, False)])
def test_a_cancellation_may_say_why_in_few_words(length: int, fits: bool) -> None:
    try:
        assert read(CancelBody, {"reason": "r" * length}).reason == "r" * length
    except msgspec.ValidationError:
        assert not fits
    else:
        assert fits
