"""Check requests and answers against the machine-readable contracts of outside services.

The contracts are not part of this repository: they are looked for in `shared/contracts` beside it,
and tests that need them are skipped, visibly, where they are missing.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "contracts"
ROOTS = ("paths", "components", "webhooks", "$defs")

Json = dict[str, Any]


def skip_without_contracts() -> None:
    """Skip the test where the contracts are not at hand."""
    if not FOLDER.is_dir():
        pytest.skip(f"the providers' contracts are not in {FOLDER}")


class Contract:
    """One contract file; its schemas are named by references such as `#/components/schemas/event`."""

    def __init__(self, name: str) -> None:
        document = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        is_3_0 = str(document.get("openapi", "3.1")).startswith("3.0")
        self._document: Json = _nullable(document) if is_3_0 else document
        self._validators: dict[str, Any] = {}

    def violations(self, reference: str, instance: object) -> list[str]:
        """List what in the instance breaks the schema, fields that it does not declare included."""
        if reference not in self._validators:
            roots = {key: self._document[key] for key in ROOTS if key in self._document}
            address = reference.replace("{", "%7B").replace("}", "%7D")
            self._validators[reference] = jsonschema_rs.Draft202012Validator(
                {"$ref": address, **roots}
            )
        broken = [
            f"{error.instance_path}: {error.message}"
            for error in self._validators[reference].iter_errors(instance)
        ]
        return broken + list(self._undeclared({"$ref": reference}, instance))

    def form_violations(self, reference: str, body: str) -> list[str]:
        """The same for a form with brackets, whose texts are read as the schema's types."""
        return self.violations(reference, self._typed({"$ref": reference}, read_form(body)))

    def has(self, reference: str) -> bool:
        """Whether there is such a schema."""
        try:
            self._at(reference)
        except KeyError:
            return False
        return True

    def _at(self, reference: str) -> Json:
        found: Any = self._document
        for part in reference[2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return dict(found)

    def _parts(self, schema: Json) -> Iterator[Json]:
        """Give the schema and all that it is made of."""
        while "$ref" in schema:
            schema = self._at(schema["$ref"])
        yield schema
        for key in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(key, ()):
                yield from self._parts(part)

    def _undeclared(self, schema: Json, instance: object, at: str = "") -> Iterator[str]:
        """Name the fields that no part of the schema declares; most files leave objects open."""
        found = list(self._parts(schema))
        if isinstance(instance, dict):
            if any(_is_free_form(part) for part in found):
                return
            for key, value in instance.items():
                declared = [part["properties"][key] for part in found if _declares(part, key)]
                if declared:
                    yield from self._undeclared({"anyOf": declared}, value, f"{at}/{key}")
                elif not any(key in part.get("required", ()) for part in found):
                    yield f"{at}/{key}: not declared by the contract"
        elif isinstance(instance, list):
            items = [part["items"] for part in found if "items" in part]
            for index, value in enumerate(instance if items else ()):
                yield from self._undeclared({"anyOf": items}, value, f"{at}/{index}")

    def _typed(self, schema: Json, value: Any) -> Any:
        """Turn texts into the numbers and booleans that the schema declares."""
        found = list(self._parts(schema))
        if isinstance(value, dict):
            return {key: self._typed(_field(found, key), one) for key, one in value.items()}
        if isinstance(value, list):
            items = {"anyOf": [part["items"] for part in found if "items" in part]}
            return [self._typed(items, one) for one in value]
        kinds = {part.get("type") for part in found}
        if "integer" in kinds and value.lstrip("-").isdigit():
            return int(value)
        if "boolean" in kinds and value in ("true", "false"):
            return value == "true"
        return float(value) if "number" in kinds else value


@cache
def contract(name: str) -> Contract:
    """Give a contract by its path inside the folder, read once."""
    return Contract(name)


def read_form(body: str) -> Any:
    """Read `a[b]=1&c[0]=x&d[]=y` as nested dicts and lists of texts."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        keys = name.replace("]", "").split("[")
        node = root
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1] or str(len(node))] = value
    return _lists(root)


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    found = {key: _lists(value) for key, value in node.items()}
    return list(found.values()) if found and all(key.isdigit() for key in found) else found


def _nullable(node: Any) -> Any:
    """Write OpenAPI 3.0's `nullable: true` as JSON Schema does."""
    if isinstance(node, list):
        return [_nullable(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {key: _nullable(value) for key, value in node.items()}
    is_nullable = found.pop("nullable", False) is True
    return {"anyOf": [{"type": "null"}, found]} if is_nullable else found


def _declares(schema: Json, key: str) -> bool:
    return key in schema.get("properties", {})


def _field(schemas: list[Json], key: str) -> Json:
    declared = [part["properties"][key] for part in schemas if _declares(part, key)]
    return {"anyOf": declared} if declared else {}


def _is_free_form(schema: Json) -> bool:
    """Whether the schema leaves the fields of its objects open on purpose."""
    is_bare = schema.get("type") == "object" and not schema.keys() & {
        *("properties", "allOf", "anyOf", "oneOf")
    }
    says_nothing = not schema.keys() - {"description", "title", "example"}
    return bool(schema.get("additionalProperties")) or is_bare or says_nothing
