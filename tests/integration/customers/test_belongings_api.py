"""Addresses and saved payment methods as the customer who owns them meets them."""

import pytest

from apps.customers.models import CustomerAddress, PaymentMethod
from tests.integration.customers.conftest import Clients, send
from tests.integration.customers.people import register

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = {
    "name": "Ada Example",
    "line1": "Lindenweg 1",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
}
METHOD = {
    "provider": "stripe",
    "type": "card",
    "token": "pm_card_visa",
    "brand": "visa",
    "last4": "4242",
    "expiry_month": 7,
    "expiry_year": 2028,
}


class TestOwnAddresses:
    def test_are_added_listed_changed_and_removed(self, client_for: Clients) -> None:
        client = client_for(register())
        added = send(client, "POST", "/customers/me/addresses", ADDRESS)
        assert added.status_code == 201
        document = added.json()
        assert document == {
            **ADDRESS,
            "id": document["id"],
            "company": "",
            "line2": "",
            "region": "",
            "phone": "",
        }
        listed = send(client, "GET", "/customers/me/addresses").json()
        assert listed == {"results": [document], "next": None}
        path = f"/customers/me/addresses/{document['id']}"
        changed = send(client, "PATCH", path, {"line2": "2. Stock"})
        assert (changed.status_code, changed.json()["line2"]) == (200, "2. Stock")
        assert send(client, "DELETE", path).status_code == 204
        assert send(client, "DELETE", path).json()["code"] == "address_not_found"
        assert CustomerAddress.objects.count() == 0

    def test_are_added_once_where_the_request_is_repeated(self, client_for: Clients) -> None:
        client = client_for(register())
        answers = [
            send(client, "POST", "/customers/me/addresses", ADDRESS, key="k") for _ in range(2)
        ]
        assert answers[0].content == answers[1].content
        assert CustomerAddress.objects.count() == 1

    def test_refuse_an_incomplete_address(self, client_for: Clients) -> None:
        client = client_for(register())
        answer = send(client, "POST", "/customers/me/addresses", {**ADDRESS, "postal_code": ""})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_address")
        assert answer.json()["field"] == "postal_code"
        assert CustomerAddress.objects.count() == 0

    def test_of_others_are_not_there(self, client_for: Clients) -> None:
        added = send(client_for(register()), "POST", "/customers/me/addresses", ADDRESS).json()
        other = client_for(register(email="eve@example.com"))
        path = f"/customers/me/addresses/{added['id']}"
        assert send(other, "PATCH", path, {"city": "Rom"}).status_code == 404
        assert send(other, "DELETE", path).status_code == 404
        assert send(other, "GET", "/customers/me/addresses").json()["results"] == []
        assert CustomerAddress.objects.get().city == "Berlin"


class TestOwnPaymentMethods:
    def test_are_saved_listed_and_removed(self, client_for: Clients) -> None:
        client = client_for(register())
        saved = send(client, "POST", "/customers/me/payment-methods", METHOD)
        assert saved.status_code == 201
        document = saved.json()
        assert document == {
            **METHOD,
            "id": document["id"],
            "created_at": document["created_at"],
        }
        listed = send(client, "GET", "/customers/me/payment-methods").json()
        assert listed == {"results": [document], "next": None}
        path = f"/customers/me/payment-methods/{document['id']}"
        assert send(client, "DELETE", path).status_code == 204
        assert send(client, "DELETE", path).status_code == 404
        assert PaymentMethod.objects.count() == 0

    @pytest.mark.parametrize("token", ["4242424242424242", "4242-4242-4242-4242", "123456"])
    def test_never_take_a_card_number(self, client_for: Clients, token: str) -> None:
        client = client_for(register())
        answer = send(client, "POST", "/customers/me/payment-methods", {**METHOD, "token": token})
        assert answer.status_code == 422
        assert token not in answer.content.decode()
        assert PaymentMethod.objects.count() == 0

    def test_refuse_a_field_for_more_of_the_card(self, client_for: Clients) -> None:
        client = client_for(register())
        answer = send(client, "POST", "/customers/me/payment-methods", {**METHOD, "cvc": "123"})
        assert answer.status_code == 422
        assert PaymentMethod.objects.count() == 0
