"""The door for orders that leave it to the shop through whom they are paid."""

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.orders.domain.provider_rules import read_rules
from apps.orders.models import Order
from apps.platform.idempotency.models import IdempotencyRecord
from tests.apple_pay import sealed_apple_pay
from tests.integration.api.conftest import PLACEMENT, Caller
from tests.integration.shop import payment_of, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)

CARD = "4242 4242 4242 4242"
TOKENS = {"stripe": "pm_card_visa", "sandbox": "tok_approve"}


@pytest.fixture(autouse=True)
def rules(settings: Any) -> None:
    """The sandbox takes what goes to Germany, Stripe everything else that is paid by card."""
    written = "adyen: currency=USD; sandbox: country=DE; stripe: method=card"
    settings.OMS_PROVIDER_RULES = read_rules(written, providers=settings.OMS_GATEWAYS)
    stock({"SKU-A": {"BER": 10}})


def payment(**method: Any) -> dict[str, Any]:
    return {"method": {"type": "card", **method}}


def place(caller: Caller, payment: Any, key: str = "", **changes: Any) -> HttpResponse:
    return caller.place(key or str(uuid.uuid4()), payment=payment, **changes)


def to(country: str) -> dict[str, Any]:
    address = {**PLACEMENT["shipping"]["address"], "country": country}
    return {**PLACEMENT["shipping"], "address": address}


def told(answer: HttpResponse) -> tuple[int, str, list[str]]:
    document = json.loads(answer.content)
    pointers = [error["pointer"] for error in document.get("errors", [])]
    return answer.status_code, document["code"], pointers


class TestAnApplePayToken:
    def test_may_be_as_long_as_apple_makes_them(self, service: Caller) -> None:
        token = sealed_apple_pay()
        assert len(token) > 5_000
        wallet = {"provider": "adyen", "method": {"type": "apple_pay", "token": token}}
        answer = place(service, wallet)
        assert answer.status_code == 202
        assert Order.objects.get(id=json.loads(answer.content)["id"]).payment_token == token

    def test_is_refused_beyond_what_adyen_takes(self, service: Caller) -> None:
        wallet = {"provider": "adyen", "method": {"type": "apple_pay", "token": "x" * 10_001}}
        assert told(place(service, wallet)) == (
            422,
            "validation_failed",
            ["/payment/method/token"],
        )


class TestChoosing:
    @pytest.mark.parametrize("named", [{}, {"provider": "auto"}])
    def test_takes_the_first_provider_whose_rule_fits(
        self, service: Caller, named: dict[str, str]
    ) -> None:
        answer = place(service, {**payment(tokens=TOKENS), **named})
        assert answer.status_code == 202
        shown = json.loads(answer.content)
        assert shown["payment"]["provider"] == "sandbox"
        order = settled(Order.objects.get(id=shown["id"]))
        assert (order.status, payment_of(order).method_token) == ("confirmed", "tok_approve")
        assert payment_of(order).history.get(position=1).what == (
            "Asked for through sandbox, by the rule sandbox: country=DE"
        )

    def test_goes_by_the_country_that_parcels_go_to(self, service: Caller) -> None:
        answer = place(service, payment(tokens=TOKENS), shipping=to("AT"))
        assert json.loads(answer.content)["payment"]["provider"] == "stripe"

    def test_keeps_to_whoever_is_named(self, service: Caller) -> None:
        for method in (payment(token="pm_card_visa"), payment(tokens=TOKENS)):
            answer = place(service, {**method, "provider": "stripe"})
            assert json.loads(answer.content)["payment"]["provider"] == "stripe"
        assert {tuple(order.payment_alternatives) for order in Order.objects.all()} == {()}
        assert {order.payment_token for order in Order.objects.all()} == {"pm_card_visa"}

    def test_answers_a_repeated_request_as_before_whatever_the_rules_say_by_now(
        self, service: Caller, settings: Any
    ) -> None:
        customer = str(uuid.uuid4())
        first = place(service, payment(tokens=TOKENS), "one", customer_id=customer)
        settings.OMS_PROVIDER_RULES = read_rules("stripe", providers=settings.OMS_GATEWAYS)
        again = place(service, payment(tokens=TOKENS), "one", customer_id=customer)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.content == first.content
        assert Order.objects.count() == 1

    def test_takes_another_token_for_another_request(self, service: Caller) -> None:
        customer = str(uuid.uuid4())
        place(service, payment(tokens=TOKENS), "one", customer_id=customer)
        other = {**TOKENS, "stripe": "pm_card_mastercard"}
        answer = place(service, payment(tokens=other), "one", customer_id=customer)
        assert answer.status_code == 422
        assert Order.objects.count() == 1

    def test_never_shows_a_token(self, service: Caller) -> None:
        answer = place(service, payment(tokens=TOKENS))
        detail = service.call("GET", f"/orders/{json.loads(answer.content)['id']}")
        for shown in (answer.content.decode(), detail.content.decode()):
            assert not any(token in shown for token in TOKENS.values())


class TestRefusing:
    @pytest.mark.parametrize(
        ("asked", "code", "pointer"),
        [
            (payment(tokens={"adyen": "x"}), "no_provider_fits", "/payment/method/tokens"),
            (
                {"method": {"type": "paypal", "tokens": {"stripe": "pm_1"}}},
                "no_provider_fits",
                "/payment/method/tokens",
            ),
            (payment(token="tok_approve"), "unsupported_choice", "/payment/method/tokens"),
            (payment(), "unsupported_choice", "/payment/method/tokens"),
            (
                payment(tokens={**TOKENS, "klarna": "x"}),
                "unsupported_choice",
                "/payment/method/tokens/klarna",
            ),
            (
                {**payment(token="x", tokens=TOKENS), "provider": "stripe"},
                "unsupported_choice",
                "/payment/method/token",
            ),
            ({**payment(), "provider": "stripe"}, "unsupported_choice", "/payment/method/token"),
            (payment(tokens={}), "validation_failed", "/payment/method/tokens"),
            (payment(tokens={"stripe": ""}), "validation_failed", None),
            (payment(tokens={"stripe": "tok ä"}), "validation_failed", None),
            (payment(tokens={"St/ripe": "x"}), "validation_failed", None),
            (payment(tokens={"stripe\n": "x"}), "validation_failed", None),
            (payment(tokens={f"p{n}": "x" for n in range(11)}), "validation_failed", None),
            (payment(tokens=["x"]), "validation_failed", None),
        ],
    )
    def test_names_the_fault_and_writes_nothing(
        self, service: Caller, asked: Any, code: str, pointer: str | None
    ) -> None:
        status, said, pointers = told(place(service, asked))
        assert (status, said) == (422, code)
        assert pointer is None or pointers == [pointer]
        assert not Order.objects.exists()
        assert not IdempotencyRecord.objects.exists()

    @pytest.mark.parametrize("tokens", [{"stripe": CARD}, {CARD.replace(" ", ""): "x"}])
    def test_lets_no_card_number_in(self, service: Caller, tokens: dict[str, str]) -> None:
        status, code, _ = told(place(service, payment(tokens=tokens)))
        assert (status, code) == (422, "card_number_refused")
        assert not Order.objects.exists()


class TestTheSchema:
    def test_tells_of_tokens_by_provider_with_an_example(self) -> None:
        schema = json.loads(Client().get("/api/v1/schema?format=json").content)
        method = schema["components"]["schemas"]["MethodBody"]
        assert method["required"] == ["type"]
        assert "pm_card_visa" in json.dumps(method["properties"]["tokens"])
        payment = schema["components"]["schemas"]["PaymentBody"]
        assert payment["properties"]["provider"]["default"] == "auto"
