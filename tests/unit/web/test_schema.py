"""The schema tells the truth about our types, in OpenAPI 3.1, without warnings."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.validation import validate_schema

from apps.platform.web.schema import page_of
from tests.unit.web.urls import Baskets, Line


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Any:
    from django.urls import path

    monkeypatch.setattr(spectacular_settings, "OAS_VERSION", "3.1.0")
    monkeypatch.setattr(spectacular_settings, "POSTPROCESSING_HOOKS", [])
    GENERATOR_STATS.reset()
    from tests.unit.web.urls import Failing

    patterns = [
        path("api/v1/baskets", Baskets.as_view()),
        path("api/v1/failing/<str:how>", Failing.as_view()),
    ]
    generator = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]  # not typed
    return generator.get_schema(public=True)  # type: ignore[no-untyped-call]


class TestSchema:
    def test_is_valid_and_comes_without_warnings(
        self, document: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        validate_schema(document)  # type: ignore[no-untyped-call]  # not typed
        assert document["openapi"] == "3.1.0"
        assert not GENERATOR_STATS
        assert capsys.readouterr().err == ""

    def test_describes_bodies_by_reference(self, document: Any) -> None:
        operation = document["paths"]["/api/v1/baskets"]["post"]
        assert operation["operationId"] == "keep_basket"
        assert operation["requestBody"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/Basket"
        }
        assert operation["responses"]["202"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/Basket"
        }
        basket = document["components"]["schemas"]["Basket"]
        assert basket["properties"]["items"] == {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Line"},
            "minItems": 1,
            "maxItems": 200,
        }

    def test_takes_the_words_from_the_docstrings(self, document: Any) -> None:
        line = document["components"]["schemas"]["Line"]
        assert line["description"] == "One article."
        assert line["properties"]["quantity"] == {
            "type": "integer",
            "minimum": 1,
            "maximum": 999,
            "description": "how many, 1 to 999.",
        }

    def test_describes_pages(self, document: Any) -> None:
        page = document["components"]["schemas"]["LinePage"]
        assert page["required"] == ["results", "next"]
        assert page["properties"]["results"]["items"] == {"$ref": "#/components/schemas/Line"}
        assert page_of(Line) is page_of(Line)

    def test_describes_query_and_header_parameters(self, document: Any) -> None:
        listing = document["paths"]["/api/v1/baskets"]["get"]["parameters"]
        assert {one["name"]: one["schema"] for one in listing} == {
            "is_open": {"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": None},
            "rows": {"type": "array", "items": {"type": "integer"}, "default": []},
            "most": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
            "share": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
            "page_size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            "since": {
                "anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}],
                "default": None,
            },
            "sku": {"type": "array", "items": {"type": "string"}, "default": []},
        }
        assert [one["description"] for one in listing if one["name"] == "page_size"] == [
            "rows a page."
        ]
        [key] = document["paths"]["/api/v1/baskets"]["post"]["parameters"]
        assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)

    def test_describes_every_refusal_as_a_problem(self, document: Any) -> None:
        responses = document["paths"]["/api/v1/baskets"]["post"]["responses"]
        assert list(responses) == ["202", "409", "4XX", "5XX"]
        assert responses["409"]["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
        assert responses["4XX"] == {"$ref": "#/components/responses/Refused"}

    def test_names_the_scope_and_opens_what_is_public(self, document: Any) -> None:
        paths = document["paths"]
        assert paths["/api/v1/baskets"]["post"]["security"] == [{"bearer": ["orders:write"]}]
        assert "security" not in paths["/api/v1/failing/{how}"]["get"]
        assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"

    def test_fits_a_real_problem(self, document: Any, stranger: Any) -> None:
        problem = stranger.get("/api/v1/baskets").json()
        schema = {
            **document["components"]["schemas"]["Problem"],
            "components": document["components"],
        }
        jsonschema_rs.validate(schema, problem)
