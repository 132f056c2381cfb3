"""Customers as callers of the API meet them."""

import pytest
from django.test import Client

from apps.customers.models import Customer
from apps.kernel.identifiers import new_id
from apps.platform.outbox.models import StoredEvent
from tests.integration.customers.conftest import Clients, send
from tests.integration.customers.people import published, register

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"email": "ada@example.com", "name": "Ada Example", "locale": "de"}


class TestRegistering:
    def test_answers_201_with_the_customer(self, client_for: Clients) -> None:
        answer = send(client_for(), "POST", "/customers", BODY)
        customer = Customer.objects.get()
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"/api/v1/customers/{customer.id}"
        assert answer.headers["ETag"] == '"1"'
        created_at = customer.created_at.isoformat().replace("+00:00", "Z")
        assert answer.json() == {
            "id": str(customer.id),
            "email": "ada@example.com",
            "name": "Ada Example",
            "phone": "",
            "locale": "de",
            "region": "local",
            "wants_email": True,
            "wants_sms": False,
            "created_at": created_at,
            "updated_at": created_at,
        }
        assert StoredEvent.objects.get().actor == "service:storefront"

    def test_answers_a_repetition_alike(self, client_for: Clients) -> None:
        client = client_for()
        first, second = (send(client, "POST", "/customers", BODY, key="k") for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert second.headers["Idempotent-Replayed"] == "true"
        assert Customer.objects.count() == StoredEvent.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "status", "code", "pointer"),
        [
            ({"email": "ADA@example.com"}, 409, "email_taken", "/email"),
            ({"email": "nobody"}, 422, "invalid_profile", "/email"),
            ({"locale": "fr"}, 422, "invalid_profile", "/locale"),
            ({"phone": "030 1234"}, 422, "invalid_profile", "/phone"),
        ],
    )
    def test_refuses_and_writes_nothing(
        self, client_for: Clients, changes: dict[str, str], status: int, code: str, pointer: str
    ) -> None:
        register()
        answer = send(
            client_for(), "POST", "/customers", {**BODY, "email": "eve@example.com", **changes}
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert Customer.objects.count() == 1

    def test_names_a_field_that_does_not_exist(self, client_for: Clients) -> None:
        answer = send(client_for(), "POST", "/customers", {**BODY, "nickname": "Ada"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/nickname"

    def test_refuses_a_card_number_anywhere(self, client_for: Clients) -> None:
        answer = send(client_for(), "POST", "/customers", {**BODY, "name": "4242424242424242"})
        assert answer.status_code == 422
        assert Customer.objects.count() == 0

    def test_needs_a_key(self, client_for: Clients) -> None:
        answer = client_for().post("/api/v1/customers", BODY, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")

    def test_is_for_services_with_the_scope(self, client_for: Clients) -> None:
        own = send(client_for(register()), "POST", "/customers", {**BODY, "email": "b@example.com"})
        assert (own.status_code, own.json()["code"]) == (403, "service_token_needed")
        reader = send(client_for(scopes=("customers:read",)), "POST", "/customers", BODY)
        assert (reader.status_code, reader.json()["code"]) == (403, "scope_missing")
        assert send(Client(), "POST", "/customers", BODY).status_code == 401
        assert Customer.objects.count() == 1


class TestShowing:
    def test_is_open_to_services_and_to_the_customer(self, client_for: Clients) -> None:
        customer = register()
        path = f"/customers/{customer.id}"
        for client in (client_for(), client_for(customer)):
            answer = send(client, "GET", path)
            assert (answer.status_code, answer.json()["id"]) == (200, str(customer.id))
            assert answer.headers["ETag"] == '"1"'

    def test_hides_other_customers_as_if_there_were_none(self, client_for: Clients) -> None:
        customer, other = register(), register(email="eve@example.com")
        hidden = send(client_for(customer), "GET", f"/customers/{other.id}")
        missing = send(client_for(), "GET", f"/customers/{new_id()}")
        for answer in (hidden, missing):
            assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")

    def test_of_oneself_needs_a_customers_token(self, client_for: Clients) -> None:
        customer = register()
        assert send(client_for(customer), "GET", "/customers/me").json()["id"] == str(customer.id)
        for path in ("/customers/me", "/customers/me/addresses", "/customers/me/payment-methods"):
            answer = send(client_for(), "GET", path)
            assert (answer.status_code, answer.json()["code"]) == (403, "customer_token_needed")


class TestChangingOneself:
    def test_changes_what_is_named(self, client_for: Clients) -> None:
        customer = register()
        client = client_for(customer)
        answer = send(client, "PATCH", "/customers/me", {"locale": "de", "wants_sms": True})
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"2"'
        assert (answer.json()["locale"], answer.json()["wants_sms"]) == ("de", True)
        assert answer.json()["name"] == "Ada Example"
        assert [(kind, seq) for kind, seq, _ in published(customer)] == [
            ("customers.customer_registered", 1),
            ("customers.customer_changed", 2),
        ]

    def test_changes_only_what_was_seen_where_the_caller_says_so(self, client_for: Clients) -> None:
        client = client_for(register())
        body = {"name": "Ada Lovelace"}
        stale = send(client, "PATCH", "/customers/me", body, **{"If-Match": '"7"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert Customer.objects.get().name == "Ada Example"
        fresh = send(client, "PATCH", "/customers/me", body, **{"If-Match": '"1"'})
        assert (fresh.status_code, fresh.json()["name"]) == (200, "Ada Lovelace")

    @pytest.mark.parametrize(
        "body", [{"name": None}, {"name": ""}, {"email": "x"}, {"region": "us"}, {"version": 9}]
    )
    def test_refuses_what_does_not_fit(self, client_for: Clients, body: dict[str, object]) -> None:
        answer = send(client_for(register()), "PATCH", "/customers/me", body)
        assert answer.status_code == 422
        assert Customer.objects.get().version == 1

    def test_needs_the_scope(self, client_for: Clients) -> None:
        client = client_for(register(), scopes=("customers:read",))
        assert send(client, "PATCH", "/customers/me", {"name": "Eve"}).status_code == 403
        assert Customer.objects.get().name == "Ada Example"
