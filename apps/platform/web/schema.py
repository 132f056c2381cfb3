"""Describe the API from the types it really reads and writes (OpenAPI 3.1).

`endpoint` documents a method of a view; msgspec Structs become components of the schema. The
settings name `StructAutoSchema` as REST framework's `DEFAULT_SCHEMA_CLASS` and switch off
drf-spectacular's `POSTPROCESSING_HOOKS`, which know serializers only.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from drf_spectacular.drainage import warn
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from apps.platform.web.problems import MEDIA_TYPE as PROBLEM_TYPE
from apps.platform.web.problems import Problem
from apps.platform.web.views import ApiView

F = TypeVar("F", bound=Callable[..., Any])
Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{name}"
_ATTRIBUTE: Final = re.compile(r"^(?P<name>\w+): (?P<text>.+)$")

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="A new value for a new request, the same one for a repetition; kept for a day. 1 to 255 "
    "printable ASCII characters that do not look like a card number, such as a UUID. A repetition is answered "
    "as the request was (`Idempotent-Replayed: true`); where it asks to wait, with what has become of it.",
)
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    {"type": "string", "minLength": 1, "examples": ['"7"']},
    OpenApiParameter.HEADER,
    description="The `ETag` of what you have read, or several of them, or `*`: nothing is done where it has "
    "changed since (412). Without it whatever is there is edited.",
)
PREFER_WAIT: Final = OpenApiParameter(
    "Prefer",
    {"type": "string", "examples": ["wait=5"]},
    OpenApiParameter.HEADER,
    description="`wait=N`, N from 0 to 10: answer when it is settled, or after N seconds. "
    "`Preference-Applied` says that we waited. Any other wish is ignored, a longer wait too, and the "
    "answer comes at once.",
)


def sends(name: str, *statuses: int, description: str) -> OpenApiParameter:
    """Describe a header that every answer with one of these statuses has, for `parameters`."""
    return OpenApiParameter(
        name,
        {"type": "string", "minLength": 1},
        OpenApiParameter.HEADER,
        required=True,
        response=list(statuses),
        description=description,
    )


def sends_etag(*statuses: int) -> OpenApiParameter:
    """Describe the tag of what is shown."""
    return sends("ETag", *statuses, description="The version of what is shown, for `If-Match`.")


def sends_location(*statuses: int) -> OpenApiParameter:
    """Describe where to find what was made."""
    return sends("Location", *statuses, description="Where to find it from now on.")


def endpoint(
    operation_id: str,
    *,
    summary: str,
    responses: Mapping[int, Any],
    request: type | OpenApiTypes | None = None,
    query: type[msgspec.Struct] | None = None,
    parameters: Iterable[OpenApiParameter] = (),
    refusals: Mapping[int, str] | None = None,
    tags: list[str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> Callable[[F], F]:
    """Document a method: what it reads, what it answers, and why it may refuse.

    `request`, `query` and the values of `responses` are Structs, or None for no body; a request that its
    sender words is an `OpenApiTypes.OBJECT`. `refusals` gives a sentence for each status it refuses with
    beyond what every endpoint may. `example` is a body that is taken where the demo data are.
    """
    described: dict[Any, Any] = dict(responses)
    for status, reason in (refusals or {}).items():
        described[status, PROBLEM_TYPE] = OpenApiResponse(Problem, description=reason)
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        request=request,
        responses=described,
        parameters=[*(_query_parameters(query) if query else ()), *parameters],
        tags=tags,
        examples=None
        if example is None
        else [OpenApiExample("Demo data", value=example, request_only=True)],
    )


@cache
def page_of(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Give the Struct of a page of these, for `responses`; the same one for the same kind."""
    fields = [("results", list[kind]), ("next", str | None)]  # type: ignore[valid-type]  # run time
    page = msgspec.defstruct(f"{kind.__name__}Page", fields, frozen=True)
    page.__doc__ = "One page, and the cursor of the next; null at the end."
    return page


class StructAutoSchema(AutoSchema):
    """Add to every endpoint of ours what all have in common: how they refuse and fail."""

    view: Any

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Any:
        """Describe one method of one path."""
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None and isinstance(self.view, ApiView):
            responses = operation["responses"]
            responses.setdefault("4XX", self._problem_response("Refused", "Refused; see `code`."))
            responses.setdefault("5XX", self._problem_response("Failed", "Failed; try again."))
        return operation

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Tell whether a body may be left out: a change of nothing is no change, and still named."""
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # its base
        if body is not None and self.method == "PATCH":
            body["required"] = True
        return body

    def _problem_response(self, name: str, description: str) -> Schema:
        problem = self.resolve_serializer(cast("Any", Problem), "response")
        content = {PROBLEM_TYPE: {"schema": problem.ref}}
        component = _component(
            name, ResolvedComponent.RESPONSE, {"description": description, "content": content}
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)


class StructExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # its base
    """Let a Struct stand wherever drf-spectacular expects a serializer."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:
        """Name the component after the Struct."""
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Give the Struct's own schema and register those it refers to."""
        _, components = msgspec.json.schema_components([self.target], ref_template=_REFERENCE)
        own = components.pop(self.target.__name__)
        structs = _structs_within(self.target)
        for name, schema in components.items():
            _register(auto_schema.registry, structs[name], _described(schema))
        return _described(own)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base
    """Describe our tokens, and the scope each method needs."""

    target_class = "apps.platform.web.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        """Describe the header."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A JWT signed with RS256.",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> Schema:
        """Name the scope; OpenAPI 3.1 allows that for every kind of scheme."""
        scopes = getattr(auto_schema.view, "scopes", {})
        scope = scopes if isinstance(scopes, str) else scopes.get(auto_schema.method)
        return {"bearer": [scope] if scope else []}


def _component(name: str, kind: str, schema: Schema, described: object = None) -> ResolvedComponent:
    # drf-spectacular leaves this constructor untyped; it compares `object` to tell namesakes apart.
    return ResolvedComponent(  # type: ignore[no-untyped-call]
        name, kind, schema=schema, object=described or name
    )


def _register(registry: ComponentRegistry, struct: type, schema: Schema) -> None:
    name = struct.__name__
    component = _component(name, ResolvedComponent.SCHEMA, schema, struct)
    if component in registry and registry[component].schema != schema:
        warn(f"two different Structs are called {name}")
    registry.register_on_missing(component)


def _structs_within(struct: type) -> dict[str, type]:
    """Give every Struct that the fields of one lead to, by name."""
    found: dict[str, type] = {}
    waiting: list[Any] = [msgspec.inspect.type_info(struct)]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.cls.__name__ in found:
                continue
            found[kind.cls.__name__] = kind.cls
            waiting += [field.type for field in kind.fields]
        else:
            inner = [
                getattr(kind, name, None)
                for name in ("item_type", "key_type", "value_type", "type")
            ]
            waiting += [*(one for one in inner if one is not None), *getattr(kind, "types", ())]
            waiting += getattr(kind, "item_types", ())
    return found


def _described(schema: Schema) -> Schema:
    """Move what a docstring says under `Attributes:` to the properties themselves."""
    summary, _, attributes = inspect.cleandoc(schema.get("description", "")).partition(
        "\n\nAttributes:\n"
    )
    if not summary:
        return schema
    properties = {name: dict(value) for name, value in schema.get("properties", {}).items()}
    for line in re.sub(r"\n {5,}", " ", attributes).splitlines():
        attribute = _ATTRIBUTE.match(line.strip())
        if attribute and attribute["name"] in properties:
            properties[attribute["name"]].setdefault("description", attribute["text"])
    return {**schema, "description": summary, "properties": properties}


def _query_parameters(kind: type[msgspec.Struct]) -> list[OpenApiParameter]:
    _, components = msgspec.json.schema_components([kind])
    schema = _described(components[kind.__name__])
    required = set(schema.get("required", ()))
    return [
        OpenApiParameter(
            name,
            {key: value for key, value in field.items() if key != "description"},
            OpenApiParameter.QUERY,
            required=name in required,
            description=field.get("description", ""),
        )
        for name, field in schema["properties"].items()
    ]
