"""Who calls: a customer or a service, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from apps.kernel.identifiers import CustomerId

ALL_SCOPES: Final = (
    "orders:read",
    "orders:write",
    "orders:refund",
    "payments:read",
    "payments:write",
    "inventory:read",
    "inventory:write",
    "catalogue:write",
    "customers:read",
    "customers:write",
    "shipping:read",
    "shipping:write",
)
CUSTOMER_SCOPES: Final = (
    "orders:read",
    "orders:write",
    "payments:read",
    "inventory:read",
    "customers:read",
    "customers:write",
    "shipping:read",
)

LONGEST_NAME: Final = 255


def is_usable_name(name: str) -> bool:
    """Whether a caller can go by this name: it stands in events, records and lines of the log."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The verified caller of a request; stands in for Django's user as `request.user`.

    Attributes:
        subject: the token's `sub`.
        kind: a customer reaches that customer's data alone, a service what its scopes allow.
        customer_id: the customer, for customers; None for services.
        scopes: what the token allows, as written: `orders:write`, `orders:*` or `*`.
        client_id: the program that holds the token; the subject where the token names none.

    """

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    subject: str
    kind: Literal["customer", "service"]
    customer_id: CustomerId | None
    scopes: frozenset[str]
    client_id: str

    def may(self, scope: str) -> bool:
        """Tell whether a scope is granted: itself, by `area:*`, or by `*`."""
        scopes = self.scopes
        return scope in scopes or "*" in scopes or f"{scope.partition(':')[0]}:*" in scopes

    def may_see_customer(self, customer_id: CustomerId | None) -> bool:
        """Tell whether data of this customer are within reach: one's own, or any for a service."""
        return self.kind == "service" or (
            customer_id is not None and customer_id == self.customer_id
        )

    @property
    def actor(self) -> str:
        """Name the caller for history and audit: `customer:<uuid>` or `service:<client>`."""
        if self.kind == "customer":
            return f"customer:{self.customer_id}"
        return f"service:{self.client_id}"

    @property
    def pk(self) -> str:
        """Identify the caller where a user's key is expected, in logs above all."""
        return self.actor

    def __str__(self) -> str:
        return self.actor
