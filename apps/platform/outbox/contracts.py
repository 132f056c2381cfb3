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
    schemas = json_schemas()
    contexts = sorted({name.partition(".")[0] for name in schemas})
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "payload": schema,
        }
        for name, schema in schemas.items()
    }
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {"title": "Order management: published facts", "version": "1"},
        "channels": {
            context: {
                "address": context,
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"}
                    for name in schemas
                    if name.startswith(f"{context}.")
                },
            }
            for context in contexts
        },
        "components": {"messages": messages},
    }
