"""The doors for charging a payment and letting it go."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import Dispute, LedgerEntry, Payment, PaymentOperation
from apps.payments.services.number_documents import number_all_documents
from apps.payments.services.review_setbacks import review_setbacks
from tests.integration.api.conftest import Caller
from tests.integration.shop import payment_of, place, settled, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def on_request(settings: Any) -> None:
    """Nothing is charged before somebody asks for it."""
    settings.OMS_CAPTURE_ON = "request"
    stock({"SKU-A": {"BER": 10}})


@pytest.fixture
def order() -> Order:
    """An order of 2 units at 19.90 with 4.90 shipping, confirmed and authorised: 44.70."""
    order = settled(place([("SKU-A", 2)]))
    assert (order.status, order.payment_status) == ("confirmed", "authorized")
    return order


def post(caller: Caller, order: Order, what: str, body: Any = None, key: str = "") -> HttpResponse:
    return caller.call(
        "POST",
        f"/payments/{payment_of(order).id}/{what}",
        body,
        **{"Idempotency-Key": key or str(uuid.uuid4())},
    )


def code_of(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.content)["code"]


class TestCapturing:
    def test_charges_all_of_it(self, service: Caller, order: Order) -> None:
        answer = post(service, order, "capture")
        assert answer.status_code == 202
        assert json.loads(answer.content)["operations"][-1]["kind"] == "capture"
        order = settled(order)
        assert (order.status, order.payment_status) == ("confirmed", "captured")
        assert order.captured_minor == 4470

    def test_charges_a_part_and_lets_the_rest_go(self, service: Caller, order: Order) -> None:
        part = {"amount": "40.00", "currency": "EUR"}
        assert post(service, order, "capture", {"amount": part}).status_code == 202
        order = settled(order)
        payment = payment_of(order)
        assert (payment.status, payment.captured_minor) == ("captured", 4000)
        assert order.captured_minor == 4000
        moved = list(LedgerEntry.objects.order_by("id").values_list("what", "amount_minor"))
        assert moved == [("Authorised", 4470), ("Captured", 4000), ("Released", 470)]
        assert code_of(post(service, order, "capture")) == (409, "payment_not_ready")

    def test_charges_once_per_key_and_once_at_all(self, service: Caller, order: Order) -> None:
        first = post(service, order, "capture", key="one")
        assert post(service, order, "capture", key="one").content == first.content
        assert code_of(post(service, order, "capture")) == (409, "payment_not_ready")
        work_off()
        assert PaymentOperation.objects.filter(kind="capture").count() == 1

    @pytest.mark.parametrize("amount", ["0.00", "44.71", "-1.00"])
    def test_refuses_amounts_that_were_not_authorised(
        self, service: Caller, order: Order, amount: str
    ) -> None:
        assert post(service, order, "capture", {"amount": amount}).status_code == 422
        assert not PaymentOperation.objects.filter(kind="capture").exists()

    @pytest.mark.parametrize(
        ("amount", "code", "pointer"),
        [
            ("1.001", "invalid_amount", "/amount"),
            (None, "validation_failed", "/amount"),
            ({"amount": "1.00", "currency": "USD"}, "currency_mismatch", "/amount/currency"),
        ],
    )
    def test_points_at_an_amount_that_cannot_be(
        self, service: Caller, order: Order, amount: object, code: str, pointer: str
    ) -> None:
        answer = post(service, order, "capture", {"amount": amount})
        assert code_of(answer) == (422, code)
        (error,) = json.loads(answer.content)["errors"]
        assert error["pointer"] == pointer

    def test_is_closed_to_customers_and_strangers(
        self, service: Caller, customers: list[Caller], order: Order
    ) -> None:
        assert post(customers[0], order, "capture").status_code == 403
        stranger = service.call(
            "POST", f"/payments/{uuid.uuid4()}/capture", **{"Idempotency-Key": "x"}
        )
        assert code_of(stranger) == (404, "payment_not_found")


class TestVoiding:
    def test_lets_the_money_go_and_calls_the_order_off(self, service: Caller, order: Order) -> None:
        assert post(service, order, "void").status_code == 202
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "voided")
        assert order.cancel_reason == "payment_voided"
        assert post(service, order, "void").status_code == 202
        assert PaymentOperation.objects.filter(kind="void").count() == 1

    @pytest.mark.parametrize("state", ["in_flight", "unknown", "waiting"])
    def test_is_too_late_for_what_may_be_charged(
        self, service: Caller, order: Order, state: str
    ) -> None:
        post(service, order, "capture")
        PaymentOperation.objects.filter(kind="capture").update(state=state)
        assert code_of(post(service, order, "void")) == (409, "payment_not_ready")
        assert not Payment.objects.get().is_unwanted

    def test_is_too_late_for_what_is_charged(self, service: Caller, order: Order) -> None:
        post(service, order, "capture")
        work_off()
        assert code_of(post(service, order, "void")) == (409, "payment_not_ready")
        assert Payment.objects.get().status == "captured"


def shown(caller: Caller, order: Order, what: str) -> list[dict[str, Any]]:
    """Give a list that the payment of an order is shown with."""
    answer = caller.call("GET", f"/payments/{payment_of(order).id}")
    listed: list[dict[str, Any]] = json.loads(answer.content)[what]
    return listed


class TestDocuments:
    def test_are_shown_with_the_payment_once_they_have_a_number(
        self, service: Caller, order: Order
    ) -> None:
        post(service, order, "capture")
        work_off()
        assert shown(service, order, "documents") == []
        number_all_documents()
        (receipt,) = shown(service, order, "documents")
        assert (receipt["number"][:2], receipt["number"][-7:]) == ("R-", "-000001")
        assert (receipt["kind"], receipt["cancels"]) == ("receipt", None)
        assert receipt["amount"] == {"amount": "44.70", "currency": "EUR"}

    def test_name_the_one_that_they_cancel(self, service: Caller, order: Order) -> None:
        post(service, order, "capture")
        work_off()
        review_setbacks(about={payment_of(order).id: ()}, now=timezone.now())
        number_all_documents()
        receipt, credit_note = shown(service, order, "documents")
        assert (credit_note["kind"], credit_note["cancels"]) == ("credit_note", receipt["number"])


class TestDisputes:
    def test_are_shown_with_the_payment_the_oldest_first(
        self, service: Caller, order: Order
    ) -> None:
        assert shown(service, order, "disputes") == []
        opened_at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
        payment = payment_of(order)
        for reference, currency, decided_at, state in (
            ("dp_1", "", opened_at + timedelta(days=9), "lost"),
            ("dp_2", "JPY", None, "opened"),
        ):
            Dispute.objects.create(
                payment=payment,
                provider=payment.provider,
                reference=reference,
                amount_minor=500,
                currency=currency,
                reason="fraudulent",
                state=state,
                opened_at=opened_at,
                decided_at=decided_at,
            )
        assert shown(service, order, "disputes") == [
            {
                "state": "lost",
                "amount": {"amount": "5.00", "currency": "EUR"},
                "reason": "fraudulent",
                "opened_at": "2026-11-02T09:30:00Z",
                "decided_at": "2026-11-11T09:30:00Z",
            },
            {
                "state": "opened",
                "amount": {"amount": "500", "currency": "JPY"},
                "reason": "fraudulent",
                "opened_at": "2026-11-02T09:30:00Z",
                "decided_at": None,
            },
        ]


def test_an_order_names_its_payment(service: Caller, order: Order) -> None:
    shown = json.loads(service.call("GET", f"/orders/{order.id}").content)
    assert shown["payment"]["id"] == str(payment_of(order).id)
