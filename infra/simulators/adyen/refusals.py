"""The errors that Adyen answers with."""

RATE_LIMITED = 429
UNAUTHORISED = 401


class Refusal(Exception):
    """A request that is not carried out, and leaves nothing behind.

    `is_transient` tells the client to send the same request again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "validation",
        is_transient: bool = False,
    ) -> None:
        """Name the HTTP status and the fields of the error."""
        super().__init__(message)
        self.status = status
        self.is_transient = is_transient
        self._fields = {
            "status": status,
            "errorCode": code,
            "message": message,
            "errorType": kind,
        }

    def as_json(self) -> dict[str, object]:
        """Write the error as Adyen does."""
        return dict(self._fields)


def internal_error() -> Refusal:
    """Break down in the middle of the work."""
    return Refusal(500, "905", "The simulator was asked to break down.", kind="internal")


def out_of_order(status: int) -> Refusal:
    """Refuse everything, with one status."""
    kind = "security" if status in (UNAUTHORISED, 403) else "internal"
    return Refusal(status, "000", "The simulator was asked to refuse.", kind=kind)


def not_allowed() -> Refusal:
    """Refuse a request without a key."""
    return Refusal(UNAUTHORISED, "000", "A key is needed.", kind="security")


def required(what: str) -> Refusal:
    """Refuse a request in which something is missing or wrong."""
    return Refusal(422, "14_006", f"Missing or wrong: {what}")


def unknown_payment() -> Refusal:
    """Refuse to change a payment that there is not."""
    return Refusal(422, "167", "There is no payment of that reference.")


def key_in_use(*, is_under_way: bool) -> Refusal:
    """Refuse a key that another request has; it may be the same one, still under way."""
    return Refusal(422, "704", "The key is in use for another request.", is_transient=is_under_way)
