"""Addresses and saved payment methods as the customer who owns them meets them."""

from typing import Any

import pytest
from django.test import Client

from apps.customers.models import CustomerAddress, PaymentMethod
from apps.kernel.identifiers import new_id
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

    def test_are_shown_one_by_one(self, client_for: Clients) -> None:
        customer = register()
        added = send(client_for(customer), "POST", "/customers/me/addresses", ADDRESS)
        reader = client_for(customer, scopes=("customers:read",))
        shown = send(reader, "GET", f"/customers/me/addresses/{added.json()['id']}")
        assert (shown.status_code, shown.json()) == (200, added.json())
        missing = send(reader, "GET", f"/customers/me/addresses/{new_id()}")
        assert (missing.status_code, missing.json()["code"]) == (404, "address_not_found")

    def test_need_a_scope_for_each_deed(self, client_for: Clients) -> None:
        customer = register()
        added = send(client_for(customer), "POST", "/customers/me/addresses", ADDRESS).json()
        path = f"/customers/me/addresses/{added['id']}"
        reader = client_for(customer, scopes=("customers:read",))
        writer = client_for(customer, scopes=("customers:write",))
        answers = [
            send(reader, "PATCH", path, {"city": "Rom"}),
            send(reader, "DELETE", path),
            send(writer, "GET", path),
        ]
        assert [(one.status_code, one.json()["code"]) for one in answers] == [
            (403, "scope_missing")
        ] * 3
        service = send(client_for(), "GET", path)
        assert (service.status_code, service.json()["code"]) == (403, "customer_token_needed")
        assert CustomerAddress.objects.get().city == "Berlin"

    def test_of_others_are_not_there(self, client_for: Clients) -> None:
        added = send(client_for(register()), "POST", "/customers/me/addresses", ADDRESS).json()
        other = client_for(register(email="eve@example.com"))
        path = f"/customers/me/addresses/{added['id']}"
        assert send(other, "GET", path).status_code == 404
        assert send(other, "PATCH", path, {"city": "Rom"}).status_code == 404
        assert send(other, "DELETE", path).status_code == 404
        assert send(other, "GET", "/customers/me/addresses").json()["results"] == []
        assert CustomerAddress.objects.get().city == "Berlin"


class TestTagsOfAddresses:
    def added(self, client: Client) -> tuple[str, str]:
        """Keep an address; give its path and its tag."""
        answer = send(client, "POST", "/customers/me/addresses", ADDRESS)
        return f"/customers/me/addresses/{answer.json()['id']}", answer.headers["ETag"]

    def test_are_the_same_until_something_changes(self, client_for: Clients) -> None:
        client = client_for(register())
        path, tag = self.added(client)
        assert send(client, "GET", path).headers["ETag"] == tag
        unchanged = send(client, "PATCH", path, {"city": "Berlin"})
        assert (unchanged.status_code, unchanged.headers["ETag"]) == (200, tag)
        changed = send(client, "PATCH", path, {"city": "Potsdam"})
        assert changed.headers["ETag"] != tag
        assert send(client, "GET", path).headers["ETag"] == changed.headers["ETag"]
        back = send(client, "PATCH", path, {"city": "Berlin"})
        assert back.headers["ETag"] not in {tag, changed.headers["ETag"]}

    def test_come_again_with_the_answer_to_a_repetition(self, client_for: Clients) -> None:
        client = client_for(register())
        first, second = (
            send(client, "POST", "/customers/me/addresses", ADDRESS, key="k") for _ in range(2)
        )
        assert second.headers["Idempotent-Replayed"] == "true"
        assert first.headers["ETag"] == second.headers["ETag"]

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_let_only_what_was_seen_be_edited(self, client_for: Clients, method: str) -> None:
        client = client_for(register())
        path, tag = self.added(client)
        newer = send(client, "PATCH", path, {"line2": "2. Stock"}).headers["ETag"]
        body = {"city": "Potsdam"} if method == "PATCH" else None
        for stale in (tag, '"9999"', f"W/{newer}", newer.strip('"')):
            answer = send(client, method, path, body, **{"If-Match": stale})
            assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
            assert answer.headers["ETag"] == newer
        assert CustomerAddress.objects.get().city == "Berlin"
        fresh: Any = send(client, method, path, body, **{"If-Match": f"{tag}, {newer}"})
        assert fresh.status_code == (200 if method == "PATCH" else 204)
        assert not CustomerAddress.objects.filter(city="Berlin").exists()

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_are_not_asked_for(self, client_for: Clients, method: str) -> None:
        client = client_for(register())
        for headers in ({}, {"If-Match": "*"}):
            path, _ = self.added(client)
            answer = send(client, method, path, {"city": "Potsdam"}, **headers)
            assert answer.status_code == (200 if method == "PATCH" else 204)

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    @pytest.mark.parametrize("empty", ["", " ", ","])
    def test_are_named_by_whoever_says_so(
        self, client_for: Clients, method: str, empty: str
    ) -> None:
        client = client_for(register())
        path, _ = self.added(client)
        answer = send(client, method, path, {"city": "Rom"}, **{"If-Match": empty})
        assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
        assert CustomerAddress.objects.get().city == "Berlin"

    def test_of_what_is_gone_match_nothing(self, client_for: Clients) -> None:
        client = client_for(register())
        path, tag = self.added(client)
        assert send(client, "DELETE", path).status_code == 204
        for method in ("PATCH", "DELETE"):
            answer = send(client, method, path, {"city": "Rom"}, **{"If-Match": tag})
            assert (answer.status_code, answer.json()["code"]) == (404, "address_not_found")


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
