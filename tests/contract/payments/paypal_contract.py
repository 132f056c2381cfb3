"""What PayPal's official OpenAPI files say about a request and its answer."""

import json
import re
from dataclasses import dataclass

from infra.simulators.http_server import Request, Response
from tests.contract.provider_contracts import Contract, contract

ORDERS = "paypal/checkout_orders_v2.json"
PAYMENTS = "paypal/payments_payment_v2.json"
WEBHOOKS = "paypal/notifications_webhooks_v1.json"
JSON = "content/application~1json/schema"
OUTSIDE = ("/v1/oauth2/token", "/v1/notifications/certs/", "/v1/reporting/transactions")
"""What no file describes."""
LONGEST_KEY = 108
UNLISTED = {
    "authorize": "INSTRUMENT_DECLINED",
    "reauthorize": "REAUTHORIZATION_TOO_SOON",
}
"""What PayPal's guides say of an action, and its file leaves out of the list of issues."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of an API: where it is described, and whether it changes anything."""

    file: str
    method: str
    path: str
    changes: bool = True

    @property
    def pattern(self) -> str:
        """What addresses of it look like."""
        return re.sub(r"\{[^}]+\}", "[^/]+", self.path)

    @property
    def reference(self) -> str:
        """Where it stands in its file."""
        return f"#/paths/{self.path.replace('/', '~1')}/{self.method.lower()}"


OPERATIONS = (
    Operation(file=ORDERS, method="POST", path="/v2/checkout/orders"),
    Operation(file=ORDERS, method="GET", path="/v2/checkout/orders/{id}"),
    Operation(file=ORDERS, method="POST", path="/v2/checkout/orders/{id}/authorize"),
    Operation(file=PAYMENTS, method="GET", path="/v2/payments/authorizations/{authorization_id}"),
    Operation(
        file=PAYMENTS, method="POST", path="/v2/payments/authorizations/{authorization_id}/capture"
    ),
    Operation(
        file=PAYMENTS,
        method="POST",
        path="/v2/payments/authorizations/{authorization_id}/reauthorize",
    ),
    Operation(
        file=PAYMENTS, method="POST", path="/v2/payments/authorizations/{authorization_id}/void"
    ),
    Operation(file=PAYMENTS, method="GET", path="/v2/payments/captures/{capture_id}"),
    Operation(file=PAYMENTS, method="POST", path="/v2/payments/captures/{capture_id}/refund"),
    Operation(file=PAYMENTS, method="GET", path="/v2/payments/refunds/{refund_id}"),
    Operation(
        file=WEBHOOKS,
        method="POST",
        path="/v1/notifications/verify-webhook-signature",
        changes=False,
    ),
)


def request_violations(request: Request) -> list[str]:
    """List what in a request breaks the contract, or our own rule that every change has a key."""
    path = request.path.removeprefix("/paypal")
    if path.startswith(OUTSIDE):
        return []
    operation = _operation(request.method, path)
    if operation is None:
        return [f"{request.method} {path} is not in the contract"]
    found = []
    schema = f"{operation.reference}/requestBody/{JSON}"
    if _described(operation).has(schema):
        found += _described(operation).violations(schema, json.loads(request.body or b"{}"))
    elif request.body:
        found.append("there is a body where none belongs")
    if request.method == "POST" and operation.changes:
        key = request.headers.get("paypal-request-id", "")
        if not 1 <= len(key) <= LONGEST_KEY:
            found.append(f"no PayPal-Request-Id of 1 to {LONGEST_KEY} characters")
    return [f"{request.method} {path}: {one}" for one in found]


def answer_violations(request: Request, response: Response) -> list[str]:
    """List what in an answer breaks the contract; some statuses have no description to go by."""
    path = request.path.removeprefix("/paypal")
    operation = _operation(request.method, path)
    if operation is None:
        return []
    schema = f"{operation.reference}/responses/{response.status}/{JSON}"
    described = _described(operation)
    if not described.has(schema):
        schema = f"{operation.reference}/responses/default/{JSON}"
    if not described.has(schema):
        is_known = response.status >= 400 or (response.status == 204 and not response.body)
        return [] if is_known else [f"{request.method} {path}: unknown {response.status}"]
    document = json.loads(response.body)
    if [one.get("issue") for one in document.get("details", ())] == [_unlisted(path)]:
        del document["details"]
    found = described.violations(schema, document)
    return [f"{request.method} {path} {response.status}: {one}" for one in found]


def event_violations(event: object) -> list[str]:
    """List what in a webhook breaks the contract."""
    return contract(WEBHOOKS).violations("#/components/schemas/event", event)


def _operation(method: str, path: str) -> Operation | None:
    for one in OPERATIONS:
        if one.method == method and re.fullmatch(one.pattern, path):
            return one
    return None


def _unlisted(path: str) -> str:
    return UNLISTED.get(path.rpartition("/")[2], "")


def _described(operation: Operation) -> Contract:
    return contract(operation.file)
