"""Requests made from our own OpenAPI document, sent to the program itself, and every answer checked."""

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from schemathesis import GenerationMode
from schemathesis.checks import (
    CheckContext,
    CheckFunction,
    load_all_checks,
    positive_data_acceptance,
)
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response

from tests.contract.api.shop import Shop

Case = schemathesis.Case[Any]
Operation = Any
"""An operation of the document, as schemathesis made it."""

ANYBODY_MAY_HEAR = frozenset({401, 403, 404, 409})
KEY = "Idempotency-Key"

load_all_checks()


def taken_or_refused_as_said(_: CheckContext, response: Response, case: Case) -> None:
    """Insist that what fits the document is taken, or refused with a status that the operation names.

    Common to all is only what depends on who asks and on what is there, and what looks like a card.
    """
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if response.status_code == 422 and response.json()["code"] == "card_number_refused":
        return
    named = {int(code) for code in case.operation.responses.status_codes if code.isdigit()}
    status = response.status_code
    assert status < 400 or status in named | ANYBODY_MAY_HEAR, (
        f"{case.operation.label} refuses what fits with {status}, which it does not name"
    )


def a_problem_when_refused(_: CheckContext, response: Response, case: Case) -> None:
    """Insist on a problem even where the request is none that the document knows."""
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert response.headers["content-type"] == ["application/problem+json"]
        assert {"type", "title", "status", "code", "trace_id"} <= response.json().keys()


CHECKS: list[CheckFunction] = [taken_or_refused_as_said, a_problem_when_refused]
NOT_CHECKED: list[CheckFunction] = [
    # No schema tells an unknown SKU from a known one; `taken_or_refused_as_said` stands in.
    positive_data_acceptance,
]


class Asker:
    """Sends requests with one token, and remembers which answers it has seen."""

    def __init__(self, shop: Shop, token: str, *, is_service: bool) -> None:
        """Read the document as any client would."""
        self._schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", WSGIHandler())
        # No text of ours may hold U+0000, which JSON Schema has no short word for; other tests send it.
        self._schema.config.generation.update(allow_x00=False)
        self.seen: Counter[tuple[str, int]] = Counter()
        self._shop = shop
        self._headers = {"Authorization": f"Bearer {token}"}
        self._is_service = is_service

    def operations(self) -> Iterator[Operation]:
        """Give every operation; one that cannot be made into requests fails the test."""
        for made in self._schema.get_all_operations():
            assert isinstance(made, Ok), made.err()
            yield made.ok()

    def bounds_of(self, operation: Operation) -> Iterator[Case]:
        """Give a request for each bound of each thing it takes: what just fits, and what just does not.

        These are always the same, with methods and media types that it does not know, and without
        what it needs.
        """
        return self._schema.iter_coverage_cases(
            operation,
            generation_modes=list(GenerationMode),
            generation_config=self._schema.config.generation,
        )

    def ask(
        self,
        operation_id: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        path: dict[str, Any] | None = None,
    ) -> Response:
        """Send a request of one's own; where no path is given, about what the shop has for it."""
        operation = self._schema.find_operation_by_id(operation_id)
        values = {
            one.name: self._shop.path_value(one.name, operation_id)
            for one in operation.path_parameters
        }
        needs_key = any(one.name == KEY for one in operation.headers)
        case = operation.Case(
            path_parameters={**values, **(path or {})},
            query=query or {},
            headers={**({KEY: str(uuid.uuid4())} if needs_key else {}), **(headers or {})},
            **({} if body is None else {"body": body, "media_type": "application/json"}),
        )
        return self.send(case)

    def send(self, case: Case, **more: str) -> Response:
        """Send a request and check the answer against the document, by all checks there are."""
        headers = {**self._headers, **more}
        response = Response.from_any(case.call(headers=headers))
        self.seen[case.operation.definition.raw["operationId"], response.status_code] += 1
        case.validate_response(
            response, headers=headers, additional_checks=CHECKS, excluded_checks=NOT_CHECKED
        )
        return response

    def send_for_real(self, case: Case) -> None:
        """Send a generated request about what is there, where that is not what is wrong with it."""
        meta = case.meta
        assert meta is not None
        operation_id = case.operation.definition.raw["operationId"]
        if not meta.is_negative_at(ParameterLocation.PATH):
            for name in case.path_parameters:
                case.path_parameters[name] = self._shop.path_value(name, operation_id)
        if not meta.is_negative_at(ParameterLocation.HEADER):
            if KEY in case.headers and getattr(meta.phase.data, "parameter", None) != KEY:
                case.headers[KEY] = str(uuid.uuid4())
            if "If-Match" in case.headers:
                case.headers["If-Match"] = "*"  # no tag of theirs is that of what is there
            if "Prefer" in case.headers and "wait" in case.headers["Prefer"]:
                case.headers["Prefer"] = "wait=0"  # nobody works here that could be waited for
        if (
            operation_id == "place_order"
            and self._is_service
            and isinstance(case.body, dict)
            and not meta.is_negative_at(ParameterLocation.BODY)
        ):
            case.body["customer_id"] = str(self._shop.customer_id)
        self.send(case)
