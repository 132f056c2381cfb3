"""The page that a customer comes back to, as browsers and others ask for it."""

import uuid

import pytest
from django.test import Client


@pytest.mark.django_db
class TestThePageAfterTheBank:
    def test_is_only_looked_at(self) -> None:
        client, page = Client(enforce_csrf_checks=True), f"/payments/{uuid.uuid4()}/return"
        answer = client.post(page, {"redirectResult": "x"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert client.head(page).status_code == 200


class TestAFormWithoutItsSecret:
    def test_is_answered_in_plain_words(self) -> None:
        client = Client(enforce_csrf_checks=True)
        answer = client.post("/admin/login/", {"username": "ana", "password": "x"})
        assert answer.status_code == 403
        assert "Nothing was done" in answer.content.decode()
        assert "DEBUG" not in answer.content.decode()
