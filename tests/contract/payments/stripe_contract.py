"""What Stripe's official files say about a request and its answer.

Two files are asked: the OpenAPI document, and the shapes of the newer API version that the SDK
speaks.
"""

import copy
import json
import re
from typing import Any

from infra.simulators.http_server import Request, Response
from tests.contract.provider_contracts import Contract, contract

OPENAPI = "stripe/openapi-2026-05-27.dahlia-trimmed.json"
SHAPES = "stripe/sdk-16.1.0-shapes.schema.json"
FORM = "requestBody/content/application~1x-www-form-urlencoded/schema"
SEARCH = "/v1/payment_intents/search"
SETTLED = "/v1/balance_transactions"
LISTS = (SEARCH, SETTLED)
"""Lists that the OpenAPI document does not describe; what is in them, it does."""

# By method and path: the path's name in the OpenAPI document, and the shapes of parameters.
OPERATIONS = (
    ("POST", r"/v1/payment_intents", "/v1/payment_intents", "PaymentIntentCreateParams"),
    ("GET", r"/v1/payment_intents", "/v1/payment_intents", "PaymentIntentListParams"),
    ("GET", r"/v1/payment_intents/[^/]+", "/v1/payment_intents/{intent}", "PaymentIntentRetrieveParams"),
    ("POST", r"/v1/payment_intents/[^/]+/confirm", "/v1/payment_intents/{intent}/confirm", "PaymentIntentConfirmParams"),
    ("POST", r"/v1/payment_intents/[^/]+/capture", "/v1/payment_intents/{intent}/capture", "PaymentIntentCaptureParams"),
    ("POST", r"/v1/payment_intents/[^/]+/cancel", "/v1/payment_intents/{intent}/cancel", "PaymentIntentCancelParams"),
    ("POST", r"/v1/refunds", "/v1/refunds", "RefundCreateParams"),
    ("GET", r"/v1/refunds", "/v1/refunds", "RefundListParams"),
    ("GET", r"/v1/refunds/[^/]+", "/v1/refunds/{refund}", "RefundRetrieveParams"),
    ("GET", r"/v1/charges/[^/]+", "/v1/charges/{charge}", "ChargeRetrieveParams"),
    ("GET", r"/v1/balance_transactions/[^/]+", "/v1/balance_transactions/{id}", ""),
    ("GET", r"/v1/disputes/[^/]+", "/v1/disputes/{dispute}", "DisputeRetrieveParams"),
    ("GET", r"/v1/events", "/v1/events", "EventListParams"),
    ("GET", r"/v1/events/[^/]+", "/v1/events/{id}", "EventRetrieveParams"),
)  # fmt: skip
RESOURCES = {
    "payment_intent": "PaymentIntent",
    "charge": "Charge",
    "dispute": "Dispute",
    "refund": "Refund",
    "balance_transaction": "BalanceTransaction",
    "event": "Event",
}


NEWER = {
    "dispute": (
        ("evidence_details", "submission_method"),
        ("payment_method_details", "card", "network"),
    )
}
"""What the newer API version has and the OpenAPI document does not know yet."""


def request_violations(request: Request) -> list[str]:
    """List what in a request breaks the contract."""
    path = request.path.removeprefix("/stripe")
    if path in LISTS:
        return []
    name, shape = _operation(request.method, path)
    if name is None:
        return [f"{request.method} {path} is not in the contract"]
    found = []
    if request.method == "POST":
        body = request.body.decode()
        found += _openapi().form_violations(f"#/paths/{_escaped(name)}/post/{FORM}", body)
        found += _shapes().form_violations(f"#/$defs/{shape}", body)
        if not request.headers.get("idempotency-key"):
            found.append("no Idempotency-Key")
    elif request.query:
        found += _shapes().form_violations(f"#/$defs/{shape}", request.query)
    return [f"{request.method} {path}: {one}" for one in found]


def answer_violations(request: Request, response: Response) -> list[str]:
    """List what in an answer breaks the contract."""
    path = request.path.removeprefix("/stripe")
    document = json.loads(response.body)
    name, _ = _operation(request.method, path)
    if response.status >= 400:
        name = name or "/v1/payment_intents"
        status = "default"
    else:
        status = "200"
    if path in LISTS and status == "200":
        found = [one for row in document["data"] for one in resource_violations(row)]
    else:
        schema = f"responses/{status}/content/application~1json/schema"
        method = request.method.lower() if name == _operation(request.method, path)[0] else "post"
        found = _openapi().violations(
            f"#/paths/{_escaped(str(name))}/{method}/{schema}", _as_older(document)
        )
        if status == "200":
            rows = document["data"] if document["object"] == "list" else [document]
            for row in rows:
                found += resource_violations(row)
    return [f"{request.method} {path} {response.status}: {one}" for one in found]


def resource_violations(resource: dict[str, object]) -> list[str]:
    """List what in an object breaks either file; what an event is about is looked at, too."""
    kind = str(resource["object"])
    found = _openapi().violations(f"#/components/schemas/{kind}", _as_older(resource))
    found += _shapes().violations(f"#/$defs/{RESOURCES[kind]}", resource)
    data = resource.get("data")
    if kind == "event" and isinstance(data, dict):
        found += resource_violations(data["object"])
    return found


def _as_older(resource: dict[str, object]) -> dict[str, object]:
    """Give an object without what only the newer API version knows, nor what it is about, if it is in it."""
    older = copy.deepcopy(resource)
    if isinstance(source := older.get("source"), dict):
        older["source"] = _as_older(source)
    for *names, last in NEWER.get(str(resource.get("object")), ()):
        part: Any = older
        for name in names:
            part = part[name]
        del part[last]
    return older


def _operation(method: str, path: str) -> tuple[str | None, str]:
    for known_method, pattern, name, shape in OPERATIONS:
        if method == known_method and re.fullmatch(pattern, path):
            return name, shape
    return None, ""


def _escaped(path: str) -> str:
    return path.replace("/", "~1")


def _openapi() -> Contract:
    return contract(OPENAPI)


def _shapes() -> Contract:
    return contract(SHAPES)
