"""What Adyen's official files say about a request, its answer, and a webhook."""

import json
import re

from infra.simulators.http_server import Request, Response
from tests.contract.provider_contracts import contract

CHECKOUT = "adyen/CheckoutService-v72-trimmed.json"
WEBHOOKS = "adyen/Webhooks-v1-trimmed.json"
JSON = "content/application~1json/schema"
LONGEST_KEY = 64
PATHS = (
    (r"/payments", "/payments"),
    (r"/payments/details", "/payments/details"),
    (r"/cancels", "/cancels"),
    *(
        (rf"/payments/[^/]+/{action}", f"/payments/{{paymentPspReference}}/{action}")
        for action in ("amountUpdates", "captures", "cancels", "refunds", "reversals")
    ),
)
DECLARED_ERRORS = (400, 401, 403, 422, 500)


def request_violations(request: Request) -> list[str]:
    """List what in a request breaks the contract."""
    path = _path(request)
    name = _named(path)
    if name is None or request.method != "POST":
        return [f"{request.method} {path} is not in the contract"]
    document = json.loads(request.body)
    found = contract(CHECKOUT).violations(
        f"#/paths/{_escaped(name)}/post/requestBody/{JSON}", document
    )
    key = request.headers.get("idempotency-key", "")
    if not 0 < len(key) <= LONGEST_KEY:
        found.append(f"an Idempotency-Key of {len(key)} characters")
    return [f"POST {path}: {one}" for one in found]


def answer_violations(request: Request, response: Response) -> list[str]:
    """List what in an answer breaks the contract."""
    path = _path(request)
    name = _named(path) or "/payments"
    status = response.status
    if status >= 400 and status not in DECLARED_ERRORS:
        # What stands before the API answers with the same kind of document.
        status = 500
    found = contract(CHECKOUT).violations(
        f"#/paths/{_escaped(name)}/post/responses/{status}/{JSON}", json.loads(response.body)
    )
    return [f"POST {path} {response.status}: {one}" for one in found]


def letter_violations(letter: dict[str, object]) -> list[str]:
    """List what in a webhook of one item breaks the contract of its event."""
    items = letter["notificationItems"]
    assert isinstance(items, list)
    event = items[0]["NotificationRequestItem"]["eventCode"]
    return contract(WEBHOOKS).violations(f"#/webhooks/~1{event}/post/requestBody/{JSON}", letter)


def _path(request: Request) -> str:
    return request.path.removeprefix("/adyen/v72")


def _named(path: str) -> str | None:
    return next((name for pattern, name in PATHS if re.fullmatch(pattern, path)), None)


def _escaped(path: str) -> str:
    return path.replace("/", "~1")
