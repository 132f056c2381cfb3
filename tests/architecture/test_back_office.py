"""Whatever is stored can be read by people: no table of ours is without a page in the back office."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import get_resolver

admin.autodiscover()

SHOWN_ON = {
    "inventory.ReservationItem": "admin:inventory_reservation_change",
    "inventory.ReservationStep": "admin:inventory_reservation_change",
    "notifications.KnownRefunds": "admin:notifications_knownorder_change",
    "orders.CreditNote": "admin:orders_order_change",
    "orders.OrderItem": "admin:orders_order_change",
    "orders.OrderRefund": "admin:orders_order_change",
    "orders.OrderStep": "admin:orders_order_change",
    "payments.PaymentStep": "admin:payments_payment_change",
    "platform_idempotency.IdempotencyRecord": "platform_idempotency_log",
    "platform_outbox.Delivery": "admin:platform_outbox_lane",
    "platform_outbox.Lane": "admin:platform_outbox_lanes",
    "platform_outbox.StoredEvent": "admin:platform_outbox_log",
}
"""The pages that show what has none of its own, by the names of their addresses."""


def ours() -> list[type[models.Model]]:
    """Give the models of our apps that have a table."""
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def has_own_page(model: type[models.Model]) -> bool:
    pages = admin.site._registry.values()
    return model in admin.site._registry or any(
        model is inline.model for page in pages for inline in page.inlines
    )


def leads_somewhere(name: str) -> bool:
    namespace, _, page = name.rpartition(":")
    resolver = get_resolver()
    if namespace:
        _, resolver = resolver.namespace_dict[namespace]
    return page in resolver.reverse_dict


class TestModels:
    def test_are_all_shown_in_the_back_office(self) -> None:
        without = {model._meta.label for model in ours() if not has_own_page(model)}
        assert without == SHOWN_ON.keys()

    @pytest.mark.parametrize("page", sorted(set(SHOWN_ON.values())))
    def test_are_shown_on_pages_that_exist(self, page: str) -> None:
        assert leads_somewhere(page)

    def test_would_be_missed_on_a_page_that_does_not_exist(self) -> None:
        assert not leads_somewhere("admin:orders_order_nowhere")
        assert not leads_somewhere("orders_order_change")
