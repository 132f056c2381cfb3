"""The `Idempotency-Key` as callers of the API meet it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from apps.platform.web.issuing import issue_token, public_jwks
from tests.integration.idempotency.conftest import PARALLEL, Elsewhere
from tests.unit.web.keys import CUSTOMER, new_private_key

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"name": "x"}


@pytest.fixture(scope="module")
def private_key() -> str:
    return new_private_key()


@pytest.fixture
def client(settings: Settings, private_key: str) -> Client:
    settings.ROOT_URLCONF = "tests.integration.idempotency.urls"
    settings.MIDDLEWARE = ["apps.platform.web.middleware.RequestGuard"]
    settings.OMS_JWKS_URL = ""
    settings.OMS_JWKS = public_jwks(private_key)
    settings.OMS_RATE_LIMITS = {}
    return client_of(private_key)


def client_of(private_key: str, **who: Any) -> Client:
    token = issue_token(
        **{
            "private_key_pem": private_key,
            "subject": "storefront",
            "scopes": ["*"],
            "customer_id": None,
            "lifetime": timedelta(hours=1),
            "now": datetime.now(UTC),
            **who,
        }
    )
    return Client(headers={"Authorization": f"Bearer {token}"})


def post(client: Client, key: str | None, body: object = BODY) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/groups", body, content_type="application/json", headers=headers)


class TestIdempotentView:
    def test_answers_a_repetition_alike_and_says_so(self, client: Client) -> None:
        first, second = post(client, "k"), post(client, "k")
        assert (first.status_code, second.status_code) == (202, 202)
        assert first.content == second.content
        assert first.headers["Location"] == second.headers["Location"]
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert second.headers["Content-Type"] == "application/json"
        assert Group.objects.count() == 1

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "idempotency_key_missing"),
            ("", "idempotency_key_invalid"),
            ("schlüssel", "idempotency_key_invalid"),
            ("x" * 256, "idempotency_key_invalid"),
        ],
    )
    def test_refuses_without_a_proper_key(self, client: Client, key: str | None, code: str) -> None:
        answer = post(client, key)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert Group.objects.count() == 0

    def test_refuses_another_body_with_the_same_key(self, client: Client) -> None:
        post(client, "k")
        answer = post(client, "k", {"name": "y"})
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Group.objects.count() == 1

    def test_gives_customers_and_services_keys_of_their_own(
        self, client: Client, private_key: str
    ) -> None:
        other = client_of(private_key, subject="other shop")
        customer = client_of(private_key, customer_id=CUSTOMER, subject=str(CUSTOMER))
        ids = {post(caller, "k").json()["id"] for caller in (client, other, customer)}
        assert len(ids) == 3

    def test_takes_effect_once_for_fifty_posts_at_once(
        self, client: Client, patient: None, elsewhere: Elsewhere
    ) -> None:
        posts = [elsewhere.run(lambda: post(client, "k")) for _ in range(PARALLEL)]
        answers = [one.result(60) for one in posts]
        assert [answer.status_code for answer in answers] == [202] * PARALLEL
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == PARALLEL - 1
        assert Group.objects.count() == 1

    def test_says_when_to_come_back(self, client: Client, elsewhere: Elsewhere) -> None:
        answered, go_on = Event(), Event()

        def hold() -> None:
            with transaction.atomic():
                post(client, "k")
                answered.set()
                assert go_on.wait(10)

        holding = elsewhere.run(hold)
        assert answered.wait(5)
        answer = post(client, "k")
        go_on.set()
        holding.result(5)
        assert (answer.status_code, answer.json()["code"]) == (409, "request_in_flight")
        assert answer.headers["Retry-After"] == "1"
