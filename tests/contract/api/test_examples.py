"""The examples in our own OpenAPI document."""

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator


def test_the_document_shows_an_example_of_each_body_that_is_taken() -> None:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # not typed
    ours = generator.get_schema(public=True)  # type: ignore[no-untyped-call]  # not typed
    shown = []
    for operations in ours["paths"].values():
        for operation in operations.values():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json")
            # What a provider sends is worded by the provider.
            if media is not None and operation["operationId"] != "receive_webhook":
                (example,) = media["examples"].values()
                schema = {**media["schema"], "components": ours["components"]}
                jsonschema_rs.validate(schema, example["value"])
                shown.append(operation["operationId"])
    assert {"place_order", "refund_order", "put_products"} <= set(shown)
    assert len(shown) == len(set(shown)) >= 12
