"""The base class of endpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client

from apps.platform.web.responses import JsonResponse
from apps.platform.web.views import ApiView


class TestApiView:
    def test_cannot_be_defined_with_a_method_that_anybody_may_call(self) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"no scope for \['DELETE'\]"):

            class Open(ApiView):
                scopes = {"GET": "orders:read"}

                def get(self, request: HttpRequest) -> HttpResponseBase:
                    return self.json({})

                def delete(self, request: HttpRequest) -> HttpResponseBase:
                    return self.json({})

    def test_inherits_the_scopes_of_its_base(self) -> None:
        class Base(ApiView):
            scopes = {"GET": "orders:read"}

        class Fine(Base):
            def get(self, request: HttpRequest) -> HttpResponseBase:
                return self.json({})

        assert Fine.scopes == {"GET": "orders:read"}

    def test_answers_options_without_a_token(self, stranger: Client) -> None:
        answer = stranger.options("/api/v1/baskets")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"

    def test_wants_the_scope_of_get_for_head(self, client: Client, stranger: Client) -> None:
        assert client.head("/api/v1/me").status_code == 200
        assert stranger.head("/api/v1/me").status_code == 401

    def test_refuses_methods_of_no_known_name(self, client: Client) -> None:
        assert client.generic("BREW", "/api/v1/me").status_code == 405


class TestJsonResponse:
    def test_writes_values_as_the_api_promises(self) -> None:
        response = JsonResponse(
            {
                "at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
                "id": UUID(int=1),
                "rate": Decimal("0.190"),
            },
            status=201,
            headers={"Location": "/x"},
        )
        assert response.content == (
            b'{"at":"2026-11-22T09:30:00Z",'
            b'"id":"00000000-0000-0000-0000-000000000001","rate":"0.190"}'
        )
        assert (response.status_code, response.headers["Location"]) == (201, "/x")
        assert response.headers["Content-Type"] == "application/json"

    def test_sends_bytes_as_they_are(self) -> None:
        assert JsonResponse(b'{"a": 1}').content == b'{"a": 1}'
