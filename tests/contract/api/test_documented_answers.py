"""Every success that our document promises can be had, and looks as it says."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from apps.orders.api.views import AN_ORDER
from apps.orders.models import Order
from apps.payments.adapters.sandbox import sign
from tests.contract.api.asking import Asker
from tests.contract.api.shop import SKU, WAREHOUSE, Shop
from tests.integration.shop import work_off
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

AN_ADDRESS = {"name": "Ada Example", "line1": "Lindenweg 1", "city": "Dublin", "country": "IE"}
A_PRODUCT = {"sku": "SKU-0002", "name": "Lamp", "prices": {"EUR": "9.90"}}
A_COUNT = {
    "warehouse": WAREHOUSE,
    "sku": SKU,
    "on_hand": 500_000,
    "message_id": "count-1",
    "counted_at": "2026-02-01T10:00:00Z",
}
A_MOVEMENT = {
    "warehouse": WAREHOUSE,
    "sku": SKU,
    "quantity": 5,
    "reason": "receipt",
    "message_id": "movement-1",
    "occurred_at": "2026-02-01T11:00:00Z",
}


def promised(asker: Asker) -> set[tuple[str, int]]:
    """Give every success in the document, by its operation and status."""
    return {
        (operation.definition.raw["operationId"], int(status))
        for operation in asker.operations()
        for status in operation.responses.status_codes
        if status.startswith("2")
    }


def work_off_until_confirmed(key: str) -> None:
    """Do the workers' part until the order of this cart is confirmed."""

    def is_confirmed() -> bool:
        work_off()
        return Order.objects.filter(metadata__cart=key, status="confirmed").exists()

    try:
        wait_until(is_confirmed)
    finally:
        connection.close()


class TestEveryDocumentedSuccess:
    def test_is_had_by_somebody_and_fits(self, service: Asker, customer: Asker, shop: Shop) -> None:
        self.look_around(service)
        self.keep_stock(service)
        self.place_orders(service, shop)
        self.end_orders(service, shop)
        self.hear_from_providers(service)
        self.register(service)
        self.look_after_oneself(customer)
        seen = {answer for asker in (service, customer) for answer in asker.seen}
        assert promised(service) - seen == set()

    def test_of_an_order_is_followed_by_its_links(self, service: Asker, shop: Shop) -> None:
        placed = service.ask("place_order", {**AN_ORDER, "customer_id": str(shop.customer_id)})
        order = placed.json()
        assert placed.headers["location"] == [order["links"]["self"]]
        itself = {"reference": order["id"]}
        assert service.ask("get_order", path=itself).json()["number"] == order["number"]
        by_number = service.ask("get_order", path={"reference": order["number"]})
        assert by_number.json()["id"] == order["id"]
        assert len(service.ask("get_order_timeline", path=itself).json()["results"]) == 1
        assert service.ask("cancel_order", path=itself).json()["cancellation"] is not None
        work_off()
        cancelled = service.ask("get_order", path=itself).json()
        assert cancelled["status"] == "cancelled"
        assert cancelled["timeline"][-1]["to_status"] == "cancelled"
        assert service.ask("refund_order", path=itself).json()["code"] == "nothing_to_refund"

    @staticmethod
    def look_around(service: Asker) -> None:
        service.ask("get_availability", query={"sku": [SKU, "SKU-9999"]})
        service.ask("get_order")
        service.ask("get_order_timeline")
        service.ask("get_payment")
        service.ask("get_customer")
        first = service.ask("list_orders", query={"page_size": 2}).json()
        second = service.ask("list_orders", query={"page_size": 2, "cursor": first["next"]}).json()
        assert len({one["id"] for one in first["results"] + second["results"]}) == 4

    @staticmethod
    def keep_stock(service: Asker) -> None:
        unknown = {"sku": "?"}
        rows = {
            "put_products": service.ask("put_products", {"products": [A_PRODUCT, unknown]}),
            "put_stock_counts": service.ask("put_stock_counts", {"counts": [A_COUNT, unknown]}),
            "post_stock_movements": service.ask(
                "post_stock_movements", {"movements": [A_MOVEMENT, unknown]}
            ),
        }
        for name, answer in rows.items():
            statuses = [row["status"] for row in answer.json()["results"]]
            assert statuses[1] == "refused", name
            assert statuses[0] in {"applied", "unchanged"}, name

    @staticmethod
    def place_orders(service: Asker, shop: Shop) -> None:
        order: dict[str, Any] = {**AN_ORDER, "customer_id": str(shop.customer_id)}
        assert service.ask("place_order", order).json()["status"] == "created"
        with ThreadPoolExecutor(1) as worker:
            waiting = worker.submit(work_off_until_confirmed, "waited for")
            settled = service.ask(
                "place_order",
                {**order, "metadata": {"cart": "waited for"}},
                headers={"Prefer": "wait=10"},
            )
            waiting.result()
        assert settled.json()["status"] == "confirmed"

    @staticmethod
    def end_orders(service: Asker, shop: Shop) -> None:
        service.ask("cancel_order", {"reason": "changed my mind"})
        service.ask("capture_payment", {"amount": "10.00"})
        service.ask("void_payment")
        refunded = {"payment_id": shop.path_value("payment_id", "refund_order")}
        service.ask("capture_payment", path=refunded)
        work_off()
        assert service.ask("cancel_order").json()["status"] == "cancelled"
        service.ask("refund_order", {"items": [{"sku": SKU, "quantity": 1}]})
        work_off()
        order = {"reference": shop.path_value("reference", "refund_order")}
        assert service.ask("list_refunds", path=order).json()["results"][0]["status"] == "done"
        service.ask("get_payment", path=refunded)

    @staticmethod
    def hear_from_providers(service: Asker) -> None:
        message = {"id": "evt_1", "type": "approved", "reference": "sbx_1"}
        body = {**message, "payment_id": service.ask("get_payment").json()["id"]}
        signature = sign(json.dumps(body).encode(), settings.OMS_SANDBOX_SECRET)
        service.ask("receive_webhook", body, headers={"Sandbox-Signature": signature})

    @staticmethod
    def register(service: Asker) -> None:
        service.ask("register_customer", {"name": "Grace Example", "email": "grace@example.com"})

    @staticmethod
    def look_after_oneself(customer: Asker) -> None:
        profile = customer.ask("get_own_profile")
        customer.ask(
            "change_own_profile",
            {"name": "Ada Lovelace"},
            headers={"If-Match": profile.headers["etag"][0]},
        )
        customer.ask("add_own_address", AN_ADDRESS)
        address = customer.ask("get_own_address")
        changed = customer.ask(
            "change_own_address",
            {"city": "Potsdam"},
            headers={"If-Match": address.headers["etag"][0]},
        )
        assert len(customer.ask("list_own_addresses").json()["results"]) == 2
        customer.ask("remove_own_address", headers={"If-Match": changed.headers["etag"][0]})
        method = {"provider": "stripe", "type": "card", "token": "pm_card_visa"}
        customer.ask("save_own_payment_method", method)
        assert len(customer.ask("list_own_payment_methods").json()["results"]) == 2
        customer.ask("remove_own_payment_method")
