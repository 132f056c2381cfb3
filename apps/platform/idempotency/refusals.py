"""Why a repeated request cannot be answered."""

from __future__ import annotations

from typing import ClassVar

from apps.kernel.errors import DomainError


class IdempotencyKeyMissing(DomainError):
    """The request needs a key; send a new random one, and the same one when repeating it."""

    code: ClassVar[str] = "idempotency_key_missing"

    def __init__(self) -> None:
        """Say which header is missing."""
        super().__init__("Send an Idempotency-Key header with a new value for every new request.")


class IdempotencyKeyInvalid(DomainError):
    """The key is too long or not plain text; send 1 to 255 printable ASCII characters."""

    code: ClassVar[str] = "idempotency_key_invalid"

    def __init__(self) -> None:
        """Say what a key looks like."""
        super().__init__("An Idempotency-Key has 1 to 255 printable ASCII characters.")


class IdempotencyKeyReused(DomainError):
    """The key came with another request before; send a new key for a new request."""

    code: ClassVar[str] = "idempotency_key_reused"

    def __init__(self) -> None:
        """Say that it was another request."""
        super().__init__("This Idempotency-Key was sent with another request before.")


class RequestInFlight(DomainError):
    """The first request with this key is still being worked on; repeat it in a second."""

    code: ClassVar[str] = "request_in_flight"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "A request with this Idempotency-Key is still being worked on; repeat it in a moment.",
            retry_after_seconds=1,
        )
