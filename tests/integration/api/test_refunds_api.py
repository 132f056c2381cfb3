"""The door for refunds: what it takes, what it refuses, and that a key gives back once."""

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.orders.models import Order, OrderRefund
from apps.payments.services.number_documents import number_all_documents
from apps.payments.services.review_setbacks import review_setbacks
from tests.integration.api.conftest import Caller
from tests.integration.shop import payment_of, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    """An order of 2 + 1 units at 19.90 with 4.90 shipping, confirmed and charged: 64.60."""
    stock({"SKU-A": {"BER": 10}, "SKU-B": {"BER": 10}})
    return settled(place([("SKU-A", 2), ("SKU-B", 1)]))


def ask(caller: Caller, order: Order, body: Any = None, key: str | None = None) -> HttpResponse:
    key = key or str(uuid.uuid4())
    path = f"/orders/{order.id}/refunds"
    return caller.call("POST", path, body, **{"Idempotency-Key": key})


def test_gives_units_back_and_lists_them(service: Caller, order: Order) -> None:
    body = {"items": [{"sku": "SKU-A", "quantity": 1}], "reason": "dented"}
    answer = ask(service, order, body)
    assert answer.status_code == 202
    made = json.loads(answer.content)
    assert made["amount"] == {"amount": "21.53", "currency": "EUR"}
    assert made["items"] == [{"sku": "SKU-A", "quantity": 1, "amount": made["amount"]}]
    assert (made["status"], made["reason"]) == ("requested", "dented")
    work_off()
    listed = json.loads(service.call("GET", f"/orders/{order.number}/refunds").content)
    assert [(one["id"], one["status"]) for one in listed["results"]] == [(made["id"], "done")]
    assert listed["results"][0]["not_owed"] is None


def test_says_how_much_is_not_owed_any_more(service: Caller, order: Order) -> None:
    ask(service, order, {"amount": "10.00"})
    OrderRefund.objects.update(status="not_owed", not_owed_minor=250)
    listed = json.loads(service.call("GET", f"/orders/{order.id}/refunds").content)
    (refund,) = listed["results"]
    assert (refund["status"], refund["not_owed"]["amount"]) == ("not_owed", "2.50")


def test_lists_the_credit_notes_and_which_of_them_were_cancelled(
    service: Caller, order: Order
) -> None:
    def notes() -> list[dict[str, Any]]:
        answer = service.call("GET", f"/orders/{order.id}/refunds")
        listed: list[dict[str, Any]] = json.loads(answer.content)["credit_notes"]
        return listed

    ask(service, order, {"amount": "10.00"})
    work_off()
    assert notes() == []
    number_all_documents()
    work_off()
    (note,) = notes()
    assert (note["number"][:2], note["number"][-7:]) == ("C-", "-000001")
    assert note["amount"] == {"amount": "10.00", "currency": "EUR"}
    assert note["cancelled_by"] is None
    review_setbacks(about={payment_of(order).id: ()}, now=timezone.now())
    number_all_documents()
    work_off()
    assert [one["cancelled_by"][-7:] for one in notes() if one["cancelled_by"]] == ["-000002"]


def test_gives_everything_back_without_a_body(service: Caller, order: Order) -> None:
    assert json.loads(ask(service, order).content)["amount"]["amount"] == "64.60"


def test_takes_an_amount_as_answers_write_it(service: Caller, order: Order) -> None:
    wanted = {"amount": "10.00", "currency": "EUR"}
    answer = ask(service, order, {"amount": wanted})
    assert (answer.status_code, json.loads(answer.content)["amount"]) == (202, wanted)


@pytest.mark.parametrize(
    ("amount", "pointer"),
    [
        ("1.001", "/amount"),
        ({"amount": "1.001", "currency": "EUR"}, "/amount/amount"),
        ({"amount": "1.00", "currency": "USD"}, "/amount/currency"),
        ({"amount": "1.00"}, "/amount/currency"),
    ],
)
def test_points_at_an_amount_that_cannot_be(
    service: Caller, order: Order, amount: object, pointer: str
) -> None:
    answer = ask(service, order, {"amount": amount})
    (error,) = json.loads(answer.content)["errors"]
    assert (answer.status_code, error["pointer"]) == (422, pointer)
    assert not OrderRefund.objects.exists()


def test_gives_back_once_per_key(service: Caller, order: Order) -> None:
    first = ask(service, order, {"amount": "10.00"}, key="one")
    again = ask(service, order, {"amount": "10.00"}, key="one")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.content == again.content
    assert ask(service, order, {"amount": "11.00"}, key="one").status_code == 422
    assert OrderRefund.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "64.61"}, "invalid_refund"),
        ({"amount": "0.00"}, "invalid_refund"),
        ({"amount": "1.001"}, "invalid_amount"),
        ({"amount": "1.00", "items": [{"sku": "SKU-A", "quantity": 1}]}, "invalid_refund"),
        ({"items": [{"sku": "SKU-A", "quantity": 1}] * 2}, "invalid_refund"),
        ({"items": [{"sku": "SKU-A", "quantity": 3}]}, "invalid_refund"),
        ({"items": [{"sku": "SKU-C", "quantity": 1}]}, "invalid_refund"),
        ({"items": []}, "validation_failed"),
        ({"amount": 10}, "validation_failed"),
        ({"amount": None}, "validation_failed"),
        ({"items": None}, "validation_failed"),
        ({"everything": True}, "validation_failed"),
    ],
)
def test_refuses_what_cannot_be(
    service: Caller, order: Order, body: dict[str, Any], code: str
) -> None:
    answer = ask(service, order, body)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (422, code)
    assert not OrderRefund.objects.exists()


def test_refuses_where_nothing_is_charged(service: Caller) -> None:
    stock({"SKU-A": {"BER": 10}})
    answer = ask(service, place())
    assert (answer.status_code, json.loads(answer.content)["code"]) == (409, "nothing_to_refund")


def test_is_closed_to_customers(customers: list[Caller], order: Order) -> None:
    assert ask(customers[0], order).status_code == 403
