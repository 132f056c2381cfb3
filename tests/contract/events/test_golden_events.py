"""Every published event, as it is stored for ever: a change that old payloads do not fit is a break.

`UPDATE_GOLDEN=1` writes files for new events and versions; it never changes one that exists.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest

from apps.kernel.events import CATALOGUE, Event, wire_name
from apps.kernel.events.upcasting import UPCASTERS
from apps.platform.bulk.rows import encode
from apps.platform.outbox.codec import UnknownEventType, UpcasterMissing, decode
from apps.platform.outbox.contracts import asyncapi, json_schemas

GOLDEN = Path(__file__).parent / "golden"


def example(kind: Any) -> Any:
    """Make a value of a type, the same one each time."""
    kind = getattr(kind, "__supertype__", kind)
    simple = {
        str: "text",
        int: 7,
        bool: True,
        UUID: UUID("0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6"),
        datetime: datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    }
    if kind in simple:
        return simple[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return (example(arguments[0]),)
    if origin is dict:
        return {example(arguments[0]): example(arguments[1])}
    hints = msgspec.inspect.type_info(kind)
    assert isinstance(hints, msgspec.inspect.DataclassType)
    annotations = {field.name: field for field in hints.fields}
    types = {name: _resolved(kind, name) for name in annotations}
    return kind(**{name: example(types[name]) for name in annotations})


def _resolved(kind: Any, name: str) -> Any:
    return get_type_hints(kind)[name]


def golden_file(name: str, version: int) -> Path:
    return GOLDEN / f"{name}.v{version}.json"


@pytest.mark.parametrize("event_type", CATALOGUE.values(), ids=wire_name)
class TestGoldenEvents:
    def test_payload_is_as_it_was_published(self, event_type: type[Event]) -> None:
        event = example(event_type)
        ((stored,),) = json.loads(encode([[event]]))
        file = golden_file(wire_name(event_type), event_type.version)
        if not file.exists() and os.environ.get("UPDATE_GOLDEN"):
            file.write_text(json.dumps(stored, indent=2) + "\n")
        assert stored == json.loads(file.read_text())

    def test_every_version_ever_published_can_be_read(self, event_type: type[Event]) -> None:
        name = wire_name(event_type)
        for version in range(1, event_type.version + 1):
            payload = golden_file(name, version).read_text()
            assert isinstance(decode(name, version, payload), event_type)

    def test_a_newer_version_is_not_taken_for_ours(self, event_type: type[Event]) -> None:
        with pytest.raises(UnknownEventType):
            decode(wire_name(event_type), event_type.version + 1, "{}")


class TestUpcasting:
    def test_lifts_an_old_payload_step_by_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        event_type = CATALOGUE["orders.order_held"]
        monkeypatch.setattr(event_type, "version", 3)
        monkeypatch.setitem(UPCASTERS, ("orders.order_held", 1), lambda old: {**old, "why": "x"})
        monkeypatch.setitem(
            UPCASTERS,
            ("orders.order_held", 2),
            lambda old: {"order_id": old["order_id"], "reason": old["why"]},
        )
        lifted = decode(
            "orders.order_held", 1, '{"order_id": "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6"}'
        )
        assert getattr(lifted, "reason", None) == "x"

    def test_refuses_where_a_step_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(CATALOGUE["orders.order_held"], "version", 2)
        with pytest.raises(UpcasterMissing, match="no upcaster"):
            decode("orders.order_held", 1, "{}")


class TestExport:
    def test_describes_every_event(self) -> None:
        assert len(json_schemas()) == len(CATALOGUE)
        document = asyncapi()
        assert set(document["channels"]) == {"customers", "inventory", "orders", "payments"}
        assert len(document["components"]["messages"]) == len(CATALOGUE)

    @pytest.mark.parametrize("document", [asyncapi(), *json_schemas().values()])
    def test_refers_to_what_is_there(self, document: dict[str, Any]) -> None:
        referred = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))
        assert referred
        for path in referred:
            found: Any = document
            for step in path.split("/"):
                found = found[step]
            assert found
