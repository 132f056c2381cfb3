"""Orders that are refused at the door: the fault is named, and nothing moves."""

import json
import uuid
from typing import Any

import pytest

from apps.orders.models import ListedProduct, Order
from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.outbox.models import StoredEvent
from tests.integration.api.conftest import PLACEMENT, Caller, problem
from tests.integration.shop import stock

pytestmark = pytest.mark.django_db(transaction=True)

CARD = "4242 4242 4242 4242"


@pytest.fixture(autouse=True)
def shop() -> None:
    stock({"SKU-A": {"BER": 100}})


def changed(path: str, value: Any) -> dict[str, Any]:
    """Give the placement with one field changed; the path is like `items.0.quantity`."""
    body = json.loads(json.dumps(PLACEMENT))
    *steps, last = path.split(".")
    place = body
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return dict(body)


REFUSED = [
    ("items.0.sku", "SKU-X", 422, "unknown_sku", "/items/0/sku"),
    ("items.0.unit_price", "18.90", 409, "price_changed", "/items/0/unit_price"),
    ("items.0.unit_price", "-19.90", 422, "invalid_amount", "/items/0/unit_price"),
    ("items.0.unit_price", "0019.90", 422, "invalid_amount", "/items/0/unit_price"),
    ("items.0.unit_price", "19.901", 422, "invalid_amount", "/items/0/unit_price"),
    ("items.0.unit_price", "", 422, "invalid_amount", "/items/0/unit_price"),
    ("items.0.unit_price", "NaN", 422, "invalid_amount", "/items/0/unit_price"),
    ("items.0.quantity", 0, 422, "quantity_out_of_range", "/items/0/quantity"),
    ("items.0.quantity", 1000, 422, "quantity_out_of_range", "/items/0/quantity"),
    ("items.0.quantity", 2**31, 422, "quantity_out_of_range", "/items/0/quantity"),
    ("items.0.quantity", "2", 422, "validation_failed", "/items/0/quantity"),
    ("items.0.price", "1.00", 422, "validation_failed", "/items/0/price"),
    ("items", [], 422, "validation_failed", "/items"),
    (
        "items",
        [{"sku": f"S{n}", "quantity": 1} for n in range(201)],
        422,
        "too_many_lines",
        "/items",
    ),
    (
        "items",
        [{"sku": sku, "quantity": 1} for sku in ("SKU-A", "SKU-A", "SKU-X")],
        422,
        "unknown_sku",
        "/items/2/sku",
    ),
    (
        "items",
        [{"sku": "SKU-A", "quantity": 600}] * 2,
        422,
        "quantity_out_of_range",
        "/items/1/quantity",
    ),
    ("status", "confirmed", 422, "validation_failed", "/status"),
    ("currency", "GBP", 422, "unsupported_choice", "/currency"),
    ("currency", "XXX", 422, "unsupported_choice", "/currency"),
    ("shipping.method", "drone", 422, "unsupported_choice", "/shipping/method"),
    ("shipping.address.country", "XX", 422, "unknown_country", "/shipping/address/country"),
    ("shipping.address.postal_code", "", 422, "invalid_address", "/shipping/address/postal_code"),
    ("payment.provider", "acme", 422, "unsupported_choice", "/payment/provider"),
    ("payment.method.type", "cheque", 422, "unsupported_choice", "/payment/method/type"),
    (
        "payment",
        {"provider": "paypal", "method": {"type": "card", "token": "wallet"}},
        422,
        "unsupported_choice",
        "/payment/method/type",
    ),
    (
        "payment",
        {"provider": "stripe", "method": {"type": "paypal", "token": "pm_card_visa"}},
        422,
        "unsupported_choice",
        "/payment/method/type",
    ),
    ("payment.method.token", CARD, 422, "card_number_refused", "/payment/method/token"),
    ("metadata", {"note": f"card {CARD}"}, 422, "card_number_refused", "/metadata/note"),
    ("customer_id", "nobody", 422, "validation_failed", "/customer_id"),
]


class TestRefusing:
    @pytest.mark.parametrize(("path", "value", "status", "code", "pointer"), REFUSED)
    def test_names_the_fault_and_writes_nothing(
        self, service: Caller, path: str, value: Any, status: int, code: str, pointer: str | None
    ) -> None:
        before = StoredEvent.objects.count()
        body = {"customer_id": str(uuid.uuid4()), **changed(path, value)}
        answer = service.call("POST", "/orders", body, **{"Idempotency-Key": "k"})
        told = problem(answer)
        assert (answer.status_code, told["code"]) == (status, code)
        assert [error.get("pointer") for error in told.get("errors", [])] == (
            [pointer] if pointer else []
        )
        assert told["trace_id"]
        assert (Order.objects.count(), StoredEvent.objects.count()) == (0, before)
        assert not IdempotencyRecord.objects.exists()

    def test_points_at_every_line_that_cannot_be_had(self, service: Caller) -> None:
        lines = [
            {"sku": "SKU-X", "quantity": 1},
            {"sku": "SKU-A", "quantity": 1, "unit_price": "1.00"},
            {"sku": "SKU-Y", "quantity": 1},
        ]
        answer = service.place(items=lines)
        told = problem(answer)
        assert (answer.status_code, told["code"]) == (422, "unknown_sku")
        assert [error["pointer"] for error in told["errors"]] == [
            "/items/0/sku",
            "/items/1/unit_price",
            "/items/2/sku",
        ]
        assert "19.90" in told["errors"][1]["detail"]
        assert "also" not in told

    def test_tells_the_price_of_today(self, service: Caller) -> None:
        answer = service.place(items=[{"sku": "SKU-A", "quantity": 1, "unit_price": "1.00"}])
        assert problem(answer)["current_price"] == {"amount": "19.90", "currency": "EUR"}

    def test_refuses_a_total_that_no_amount_can_say(self, service: Caller) -> None:
        ListedProduct.objects.filter(sku="SKU-A").update(prices_minor={"EUR": 10**15 - 1})
        items = [{"sku": "SKU-A", "quantity": 999}]
        answer = service.place(items=items)
        assert (answer.status_code, problem(answer)["code"]) == (422, "invalid_items")

    def test_refuses_a_body_without_a_length(self, service: Caller) -> None:
        answer = service.place(headers={"Transfer-Encoding": "chunked"})
        assert (answer.status_code, problem(answer)["code"]) == (411, "length_required")
        assert not Order.objects.exists()

    def test_refuses_a_compressed_body(self, service: Caller) -> None:
        answer = service.place(headers={"Content-Encoding": "gzip"})
        assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported_media_type")
        assert not Order.objects.exists()

    @pytest.mark.parametrize("token", ["tok approve", "tok\napprove", "tok_\x00", "tok_ä"])
    def test_refuses_a_token_that_no_provider_gave(self, service: Caller, token: str) -> None:
        method = {"type": "card", "token": token}
        answer = service.place(payment={"provider": "sandbox", "method": method})
        assert (answer.status_code, problem(answer)["code"]) == (422, "validation_failed")
        assert not Order.objects.exists()

    def test_does_not_sell_what_is_not_active(self, service: Caller) -> None:
        ListedProduct.objects.filter(sku="SKU-A").update(active=False)
        assert problem(service.place())["code"] == "product_inactive"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "malformed_json"),
            (b"\xff\xfe", 400, "malformed_json"),
            (b"[]", 422, "validation_failed"),
            (b"null", 422, "validation_failed"),
            (b'{"a":"' + b"x" * 300_000 + b'"}', 413, "body_too_large"),
        ],
    )
    def test_refuses_what_is_no_order_at_all(
        self, service: Caller, body: bytes, status: int, code: str
    ) -> None:
        answer = service.call("POST", "/orders", body, **{"Idempotency-Key": "k"})
        assert (answer.status_code, problem(answer)["code"]) == (status, code)
        assert not Order.objects.exists()
