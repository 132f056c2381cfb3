"""The errors that PayPal answers with: a name for the kind, and issues for the reasons."""

import secrets

NAMES = {
    400: "INVALID_REQUEST",
    401: "AUTHENTICATION_FAILURE",
    403: "NOT_AUTHORIZED",
    404: "RESOURCE_NOT_FOUND",
    409: "RESOURCE_CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "RATE_LIMIT_REACHED",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
STATUSES = {
    "INTERNAL_SERVER_ERROR": 500,
    "INVALID_RESOURCE_ID": 404,
    "PERMISSION_DENIED": 403,
    "PREVIOUS_REQUEST_IN_PROGRESS": 409,
    "RATE_LIMIT_REACHED": 429,
}
"""The status of an issue that a caller asks for, where it is not 422."""


class Refusal(Exception):
    """A request that is not carried out."""

    def __init__(
        self, status: int, issue: str = "", *, field: str = "", redirect_url: str = ""
    ) -> None:
        """Name the HTTP status, the reason, and the field at fault or the page to send the payer to."""
        super().__init__(issue or status)
        self.status = status
        self.issue = issue
        self.field = field
        self.redirect_url = redirect_url

    def as_json(self) -> dict[str, object]:
        """Write the error as PayPal does, but for the sentences, which nobody may go by."""
        detail = {"issue": self.issue} | ({"field": self.field} if self.field else {})
        links = [{"href": self.redirect_url, "rel": "redirect", "method": "GET"}]
        return {
            "name": NAMES.get(self.status, "ERROR"),
            "debug_id": secrets.token_hex(7),
            **({"details": [detail]} if self.issue else {}),
            "links": links if self.redirect_url else [],
        }


def internal_error() -> Refusal:
    """Break down in the middle of the work."""
    return Refusal(500)


def out_of_order(status: int) -> Refusal:
    """Refuse everything, with one status."""
    return Refusal(status)


def missing() -> Refusal:
    """Refuse a name that the books do not know."""
    return Refusal(404, "INVALID_RESOURCE_ID")


def mocked(issue: str) -> Refusal:
    """Refuse as a caller of the sandbox asks for."""
    return Refusal(STATUSES.get(issue, 422), "" if issue in NAMES.values() else issue)
