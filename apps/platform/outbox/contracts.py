"""The published facts as JSON Schema and AsyncAPI, for whoever reads the event log."""

from typing import Any

import msgspec

from apps.kernel.events import CATALOGUE

ASYNCAPI_VERSION = "3.0.0"


def json_schemas() -> dict[str, Any]:
    """Give the JSON Schema of every event's payload, by `context.fact.vN`."""
    return {
        f"{name}.v{event_type.version}": msgspec.json.schema(event_type)
        for name, event_type in sorted(CATALOGUE.items())
    }


def asyncapi() -> dict[str, Any]:
    """Give an AsyncAPI document: a channel per context, a message per event."""
    events = {f"{name}.v{kind.version}": kind for name, kind in sorted(CATALOGUE.items())}
    contexts = sorted({name.partition(".")[0] for name in events})
    # References count from the root of the document, so every shape has one place in it.
    payloads, schemas = msgspec.json.schema_components(
        events.values(), ref_template="#/components/schemas/{name}"
    )
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "payload": payload,
        }
        for name, payload in zip(events, payloads, strict=True)
    }
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {"title": "Order management: published facts", "version": "1"},
        "channels": {
            context: {
                "address": context,
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"}
                    for name in events
                    if name.startswith(f"{context}.")
                },
            }
            for context in contexts
        },
        "components": {"messages": messages, "schemas": schemas},
    }
