"""The errors that Stripe answers with."""

from infra.simulators.stripe.objects import Failure, Intent

RATE_LIMITED = 429


class Refusal(Exception):
    """A request that is not carried out.

    `is_kept` says that the answer is stored under the idempotency key: the request was understood
    and begun. What fails validation, or collides with another request, leaves nothing behind.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        kind: str = "invalid_request_error",
        param: str | None = None,
        is_kept: bool = False,
    ) -> None:
        """Name the HTTP status and the fields of the error."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.kind = kind
        self.param = param
        self.is_kept = is_kept

    def as_json(self) -> dict[str, object]:
        """Write the error as Stripe does."""
        fields = {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
        }
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class CardRefusal(Exception):
    """A declined attempt; the intent is told of it, and shows it."""

    def __init__(self, intent: Intent, failure: Failure) -> None:
        """Name the intent after the attempt, and why it failed."""
        super().__init__(failure.code)
        self.intent = intent
        self.failure = failure


def internal_error() -> Refusal:
    """Break down in the middle of the work; Stripe stores that under the key."""
    return Refusal(500, "An unknown error occurred.", kind="api_error", is_kept=True)


def out_of_order(status: int) -> Refusal:
    """Refuse everything, with one status."""
    if status == RATE_LIMITED:
        return Refusal(429, "Too many requests hit the API too quickly.", code="rate_limit")
    if status >= 500:
        return Refusal(status, "The service is not available.", kind="api_error")
    return Refusal(status, "The simulator was asked to refuse.")


def missing(what: str, identifier: str, *, status: int = 404, param: str = "intent") -> Refusal:
    """Refuse a name that the books do not know."""
    return Refusal(status, f"No such {what}: '{identifier}'", code="resource_missing", param=param)


def wrong_state(intent: Intent, action: str, allowed: str) -> Refusal:
    """Refuse what the state of an intent does not allow."""
    return Refusal(
        400,
        f"This PaymentIntent could not be {action} because it has a status of {intent.status}. "
        f"Only a PaymentIntent with one of the following statuses may be {action}: {allowed}.",
        code="payment_intent_unexpected_state",
        is_kept=True,
    )
