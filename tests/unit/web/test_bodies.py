"""What is read from bodies and queries, and how exactly a caller is told what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

BASKET = b'{"items": [{"sku": "SKU-0001", "quantity": 2}], "metadata": {"cart": "7"}}'


def refused(client: Client, body: bytes) -> tuple[int, str, list[Any]]:
    answer = client.post("/api/v1/baskets", body, content_type="application/json")
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("errors", [])


def items(*lines: Any, **more: Any) -> bytes:
    return json.dumps({"items": list(lines), **more}).encode()


class TestBody:
    def test_is_read_as_the_type_the_view_wants(self, client: Client) -> None:
        answer = client.post("/api/v1/baskets", BASKET, content_type="application/json")
        assert answer.status_code == 202
        assert answer.json() == json.loads(BASKET)

    def test_that_names_a_member_twice_means_the_last(self, client: Client) -> None:
        body = b'{"items": [{"sku": "A", "quantity": 1, "sku": "B", "quantity": 2}]}'
        answer = client.post("/api/v1/baskets", body, content_type="application/json")
        assert answer.json()["items"] == [{"sku": "B", "quantity": 2}]

    @pytest.mark.parametrize(
        "content_type", ["application/json; charset=utf-8", "application/merge-patch+json"]
    )
    def test_may_say_it_is_json_in_several_ways(self, client: Client, content_type: str) -> None:
        answer = client.post("/api/v1/baskets", BASKET, content_type=content_type)
        assert answer.status_code == 202

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", ""]
    )
    def test_of_another_type_is_refused(self, client: Client, content_type: str) -> None:
        answer = client.generic("POST", "/api/v1/baskets", BASKET, content_type=content_type)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert answer.headers["Accept"] == "application/json"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"not json",
            BASKET + b" x",
            b'{"items": 5, "metadata": }',
            b'{"items": [], "metadata": {"a": "\xff"}}',
            b'{"items": ["\\ud800"]}',
            b"\xef\xbb\xbf" + BASKET,
            b"[" * 100_000,
        ],
    )
    def test_that_is_malformed_is_refused(self, client: Client, body: bytes) -> None:
        assert refused(client, body) == (400, "malformed_json", [])

    @pytest.mark.parametrize(
        ("body", "pointer", "detail"),
        [
            (b"[]", "", "Expected `object`, got `array`"),
            (b"{}", "/items", "Object missing required field `items`"),
            (b'{"items": null}', "/items", "Expected `array`, got `null`"),
            (items(), "/items", "Expected `array` of length >= 1"),
            (items({"sku": "A"}), "/items/0/quantity", "Object missing required field `quantity`"),
            (
                items({"sku": "A", "quantity": 1}, {"sku": "B", "quantity": "2"}),
                "/items/1/quantity",
                "Expected `int`, got `str`",
            ),
            (items({"sku": "A", "quantity": 1000}), "/items/0/quantity", "Expected `int` <= 999"),
            (
                items({"sku": "A", "quantity": 1.5}),
                "/items/0/quantity",
                "Expected `int`, got `float`",
            ),
            (
                items({"sku": "A", "quantity": 1, "price/~1": 2}),
                "/items/0/price~1~01",
                "Object contains unknown field `price/~1`",
            ),
            (
                items({"sku": "A", "quantity": 1}, metadata={"a": 1}),
                "/metadata",
                "Expected `str`, got `int`",
            ),
            (items({"sku": "\0", "quantity": 1}), "", "Text must not hold U+0000."),
        ],
    )
    def test_with_a_field_that_does_not_fit_is_refused_with_a_pointer(
        self, client: Client, body: bytes, pointer: str, detail: str
    ) -> None:
        assert refused(client, body) == (
            422,
            "validation_failed",
            [{"pointer": pointer, "detail": detail}],
        )

    def test_may_talk_about_null_characters(self, client: Client) -> None:
        body = items({"sku": "\\u0000", "quantity": 1})
        assert b"\\\\u0000" in body
        answer = client.post("/api/v1/baskets", body, content_type="application/json")
        assert answer.json()["items"][0]["sku"] == "\\u0000"


class TestQuery:
    def test_is_read_from_text(self, client: Client) -> None:
        answer = client.get(
            "/api/v1/baskets?page_size=5&sku=A&sku=B&is_open=true&since=2026-01-01T00:00:00Z&other=1"
            "&rows=-1&rows=0&most=null&share=1e-1"
        )
        assert answer.json() == {
            "page_size": 5,
            "sku": ["A", "B"],
            "rows": [-1, 0],
            "most": None,
            "share": 0.1,
            "is_open": True,
            "since": "2026-01-01T00:00:00Z",
        }

    def test_has_defaults_and_takes_the_last_of_several(self, client: Client) -> None:
        assert client.get("/api/v1/baskets").json() == {
            "page_size": 20,
            "sku": [],
            "rows": [],
            "most": None,
            "share": None,
            "is_open": None,
            "since": None,
        }
        assert client.get("/api/v1/baskets?page_size=5&page_size=6").json()["page_size"] == 6

    @pytest.mark.parametrize(
        ("query", "parameter", "detail"),
        [
            ("page_size=0", "page_size", "Expected `int` >= 1"),
            ("page_size=ten", "page_size", "Expected `int`, got `str`"),
            *[
                (f"page_size={text}", "page_size", "Expected `int`, got `str`")
                for text in ("1e1", "1E1", "100e-1", "10.0", "1e0", "-1.0", "%2B5", "007", "%205")
            ],
            ("page_size=1e400", "page_size", "Expected `int`, got `str`"),
            ("page_size=5&page_size=1e1", "page_size", "Expected `int`, got `str`"),
            ("most=1e1", "most", "Expected `int | null`, got `str`"),
            ("rows=1e1", "rows", "Expected `int`, got `str`"),
            ("is_open=perhaps", "is_open", "Expected `bool | null`, got `str`"),
            ("since=0.5", "since", "Invalid RFC3339 encoded datetime"),
            ("since=null", "since", "Invalid RFC3339 encoded datetime"),
        ],
    )
    def test_that_does_not_fit_is_refused_by_name(
        self, client: Client, query: str, parameter: str, detail: str
    ) -> None:
        answer = client.get(f"/api/v1/baskets?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"parameter": parameter, "detail": detail}]
