"""Requests made from our OpenAPI document: one that is good, and all with something put into them."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Schema = Mapping[str, Any]
UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
FORMATS = {"uuid": UUID, "date-time": "2026-11-26T10:00:00Z", "date": "2026-11-26"}
METHODS = ("get", "post", "put", "patch", "delete")
STRANGE = "card_number"
"""A field that nobody knows."""
Spot = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, and where something was put into it."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    where: str = ""


class Operation:
    """One operation of the document."""

    def __init__(self, document: Schema, method: str, path: str) -> None:
        """Read what it takes."""
        described = document["paths"][path][method]
        self._document = document
        self._method, self._path = method.upper(), path
        self._parameters = [
            *document["paths"][path].get("parameters", ()),
            *described.get("parameters", ()),
        ]
        content = described.get("requestBody", {}).get("content", {})
        self._body = content.get("application/json", {}).get("schema")
        self.name = str(described["operationId"])

    def good(self) -> Request:
        """Give a request that fits the document."""
        values: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        for one in self._parameters:
            sample = self._sample(one["schema"])
            values[one["in"]][one["name"]] = str(sample[0] if isinstance(sample, list) else sample)
        return Request(
            operation=self.name,
            method=self._method,
            path=self._filled(values["path"]),
            query=values["query"],
            headers=values["header"],
            body=None if self._body is None else self._sample(self._body),
        )

    def poisoned(self, text: str) -> Iterator[Request]:
        """Give the request again and again, each time with the text in another place."""
        good = self.good()
        for one in self._parameters:
            where, name = one["in"], one["name"]
            label = f"{where} {name}"
            if where == "path":
                names = {each["name"]: UUID for each in self._parameters if each["in"] == "path"}
                yield _changed(good, label, path=self._filled({**names, name: text}))
            elif where == "query":
                yield _changed(good, label, query={**good.query, name: text})
            else:
                yield _changed(good, label, headers={**good.headers, name: text})
        yield _changed(good, "an unknown query", query={**good.query, STRANGE: text})
        yield _changed(good, "the request id", headers={**good.headers, "X-Request-ID": text})
        if good.body is not None:
            for spot, value in list_spots(good.body, ()):
                label = "body /" + "/".join(map(str, spot))
                yield _changed(good, label, body=with_value(good.body, spot, text))
                if isinstance(value, int | float) and text.isdigit():
                    yield _changed(good, label, body=with_value(good.body, spot, int(text)))
            for spot in list_objects(good.body, ()):
                label = "unknown in body /" + "/".join(map(str, spot))
                yield _changed(good, label, body=with_value(good.body, (*spot, STRANGE), text))
                yield _changed(
                    good, f"{label}, by name", body=with_value(good.body, (*spot, text), "x")
                )

    def _filled(self, values: Mapping[str, str]) -> str:
        path = self._path
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    def _sample(self, schema: Schema) -> Any:
        """Make a value of a schema, with every property there is."""
        if "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return self._sample(found)
        for name in ("const", "default"):
            if schema.get(name) is not None:
                return schema[name]
        if "enum" in schema:
            return schema["enum"][0]
        for name in ("anyOf", "oneOf", "allOf"):
            if name in schema:
                choices = [one for one in schema[name] if one.get("type") != "null"]
                return self._sample(choices[0])
        if schema.get("examples"):
            return schema["examples"][0]
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
        return self._of_kind(kind, schema)

    def _of_kind(self, kind: str, schema: Schema) -> Any:
        match kind:
            case "object":
                known = schema.get("properties", {})
                made = {name: self._sample(one) for name, one in known.items()}
                more = schema.get("additionalProperties")
                return {**made, "note": self._sample(more)} if isinstance(more, dict) else made
            case "array":
                return [self._sample(schema.get("items", {}))]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case _:
                return FORMATS.get(schema.get("format", ""), "1.00")


def list_operations(document: Schema) -> list[Operation]:
    """Give every operation of a document."""
    return [
        Operation(document, method, path)
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    ]


def _changed(good: Request, where: str, **changes: Any) -> Request:
    values = {
        "operation": good.operation,
        "method": good.method,
        "path": good.path,
        "query": good.query,
        "headers": good.headers,
        "body": good.body,
        **changes,
    }
    return Request(where=where, **values)


def list_spots(value: Any, spot: Spot) -> Iterator[tuple[Spot, Any]]:
    """Give every place that holds no further places."""
    match value:
        case dict():
            for name, one in value.items():
                yield from list_spots(one, (*spot, name))
        case list():
            for position, one in enumerate(value):
                yield from list_spots(one, (*spot, position))
        case _:
            yield spot, value


def list_objects(value: Any, spot: Spot) -> Iterator[Spot]:
    match value:
        case dict():
            yield spot
            for name, one in value.items():
                yield from list_objects(one, (*spot, name))
        case list():
            for position, one in enumerate(value):
                yield from list_objects(one, (*spot, position))


def with_value(body: Any, spot: Spot, value: Any) -> Any:
    changed = deepcopy(body)
    if not spot:
        return value
    place = changed
    for step in spot[:-1]:
        place = place[step]
    place[spot[-1]] = value
    return changed
