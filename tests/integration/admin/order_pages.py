"""The list of orders and the page of one, as a member of staff reads them."""

import re
from html import unescape

from django.test import Client
from django.urls import reverse

from apps.orders.models import Order

LIST = "/admin/orders/order/"


def found(client: Client, **query: str) -> set[str]:
    """Give the numbers of the orders that the list shows."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return {order.number for order in answer.context["cl"].result_list}


def page_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.id])


def text_of(client: Client, order: Order) -> str:
    """Read the page of an order as a person does."""
    return words_of(client, page_of(order))


def words_of(client: Client, address: str) -> str:
    """Read a page as a person does, without markup and needless space."""
    page = client.get(address).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
