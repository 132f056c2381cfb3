"""The endpoints of the small API: a basket to place, and things that go wrong."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import DataError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.kernel.errors import DomainError
from apps.platform.web.bodies import Instant
from apps.platform.web.schema import IDEMPOTENCY_KEY, endpoint, page_of
from apps.platform.web.views import ApiView

Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=999)]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One article.

    Attributes:
        sku: which one.
        quantity: how many,
            1 to 999.
    """

    sku: Sku
    quantity: Quantity


class Basket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted."""

    items: Annotated[list[Line], msgspec.Meta(min_length=1, max_length=200)]
    metadata: dict[str, str] = {}


class Search(msgspec.Struct, frozen=True):
    """How to narrow a list down.

    Attributes:
        page_size: rows a page.
    """

    page_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    sku: list[str] = []
    rows: list[int] = []
    most: int | None = None
    share: float | None = None
    is_open: bool | None = None
    since: Instant | None = None


class PriceChanged(DomainError):
    """The price is another one."""

    code: ClassVar[str] = "test_price_changed"


class Unregistered(DomainError):
    """Nobody gave this a status."""

    code: ClassVar[str] = "test_unregistered"


class Baskets(ApiView):
    """Baskets, kept and shown."""

    scopes = {"GET": "orders:read", "POST": "orders:write"}

    @endpoint("list_baskets", summary="List", query=Search, responses={200: page_of(Line)})
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List them."""
        return self.json(self.query(Search))

    @endpoint(
        "keep_basket",
        summary="Keep",
        request=Basket,
        responses={202: Basket},
        parameters=[IDEMPOTENCY_KEY],
        refusals={409: "`test_price_changed`"},
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Keep one."""
        return self.json(self.body(Basket), status=202)


class WhoAmI(ApiView):
    """What the view knows about its caller."""

    scopes = "orders:read"

    @endpoint("who_am_i", summary="Tell who calls", responses={200: None})
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Tell."""
        cause = self.cause
        return self.json(
            {
                "actor": cause.actor,
                "customer_id": self.principal.customer_id,
                "correlation_id": cause.correlation_id,
                "causation_id": cause.causation_id,
                "trace_context": cause.trace_context,
                "user": str(request.user),
                "now": self.now,
            }
        )


class Failing(ApiView):
    """Raise whatever is asked for."""

    is_public = True

    @endpoint("fail", summary="Fail", responses={204: None})
    def get(self, request: HttpRequest, how: str) -> HttpResponseBase:
        """Fail."""
        raise FAILURES[how]


FAILURES: dict[str, Exception] = {
    "price": PriceChanged("It costs more now.", current="12.00", status="shadowed"),
    "unregistered": Unregistered("No."),
    "bug": RuntimeError("the secret inside"),
    "database": OperationalError("server closed the connection"),
    "data": DataError("value too long"),
    "forbidden": PermissionDenied(),
    "throttled": exceptions.Throttled(wait=7),
}


class Framework(APIView):
    """A view of REST framework that is not ours."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        """Fail."""
        raise FAILURES["price"]


def broken_page(request: HttpRequest, how: str = "bug") -> HttpResponseBase:
    """Fail outside the views of the API."""
    raise FAILURES[how]


handler400 = "apps.platform.web.error_pages.bad_request"
handler403 = "apps.platform.web.error_pages.permission_denied"
handler404 = "apps.platform.web.error_pages.page_not_found"
handler500 = "apps.platform.web.error_pages.server_error"

urlpatterns = [
    path("api/v1/baskets", Baskets.as_view()),
    path("api/v1/me", WhoAmI.as_view()),
    path("api/v1/failing/<str:how>", Failing.as_view()),
    path("api/v1/webhooks/acme", Baskets.as_view()),
    path("api/v1/framework", Framework.as_view()),
    path("api/v1/broken", broken_page),
    path("api/v1/safe", require_safe(broken_page)),
    path("safe", require_safe(broken_page)),
    path("broken", broken_page),
    path("broken/<str:how>", broken_page),
]
