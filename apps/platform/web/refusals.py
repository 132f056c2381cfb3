"""What can be refused at the door, and the one table from a refusal's code to its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from apps.kernel.errors import JsonValue

STATUS_OF: Final[dict[str, int]] = {
    "currency_mismatch": 422,
    "invalid_address": 422,
    "invalid_amount": 422,
    "invalid_order_number": 404,
    "unknown_country": 422,
    "unknown_currency": 422,
}
DEFAULT_STATUS: Final = 422


def register_statuses(statuses: Mapping[str, int]) -> None:
    """Add a context's codes to the table, from its `AppConfig.ready`. Adding them twice is fine.

    Raises:
        ValueError: a code already has another status, or the status is no refusal (400 to 499;
            503 for what is only away).

    """
    for code, status in statuses.items():
        if not (400 <= status < 500 or status == 503):
            raise ValueError(f"{code}: {status} does not say no")
        if STATUS_OF.setdefault(code, status) != status:
            raise ValueError(f"{code} already has status {STATUS_OF[code]}, not {status}")


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with a request, and where.

    Attributes:
        detail: what is wrong, in a sentence.
        pointer: a JSON pointer (RFC 6901) into the body; empty for the body as a whole.
        parameter: the query parameter or header, where it is not in the body.

    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class HttpRefusal(Exception):
    """Stop a request with this status and problem; what the views and the middleware raise.

    Rules of the business raise `DomainError` instead, which knows no HTTP.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        context: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Keep the parts; `context` becomes further members of the problem."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.context = dict(context or {})


def validation_failed(*errors: FieldError) -> HttpRefusal:
    """Make the 422 that says which fields are wrong."""
    return HttpRefusal(
        422, "validation_failed", "The request does not fit; see `errors`.", errors=errors
    )


def method_not_allowed(method: str | None, allowed: str) -> HttpRefusal:
    """Make the 405 that names what is possible instead."""
    return HttpRefusal(
        405, "method_not_allowed", f"{method} is not possible here.", headers={"Allow": allowed}
    )
