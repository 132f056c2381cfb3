"""Finding orders by what a customer or a colleague reads out, each way through an index."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.kernel.order_number import InvalidOrderNumber, normalise
from apps.orders.models import Order, OrderItem
from apps.orders.queries import stuck_orders
from apps.platform.backoffice.finding import find_customers
from apps.platform.backoffice.panels import Viewer

HELP = "Order number or id, SKU, or the customer's email address, telephone number or id"


def search_orders(orders: QuerySet[Order], term: str, *, viewer: Viewer) -> QuerySet[Order]:
    """Narrow orders to those that the term names.

    That is an id, a number however written, the email address or telephone number of a customer whom
    the viewer may know, or a SKU.
    """
    try:
        wanted = UUID(term)
    except ValueError:
        pass
    else:
        return orders.filter(Q(id=wanted) | Q(customer_id=wanted))
    number = _number(term)
    if number is not None and Order.objects.filter(number=number).exists():
        return orders.filter(number=number)
    customers = find_customers(term, viewer=viewer)
    if customers:
        return orders.filter(customer_id__in=customers)
    return orders.filter(Exists(OrderItem.objects.filter(order_id=OuterRef("id"), sku=term)))


def _number(term: str) -> str | None:
    try:
        return normalise(term)
    except InvalidOrderNumber:
        return None


class StuckFilter(admin.SimpleListFilter):
    """Orders under way that wait for longer than usual."""

    title = "waiting"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Give the one choice."""
        return [("long", "for more than 5 minutes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        is_wanted = self.value() == "long"
        return stuck_orders(queryset, now=timezone.now()) if is_wanted else queryset
