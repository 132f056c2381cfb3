"""A storefront for the journeys, over real HTTP."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from infra.local.stack import Stack

PATIENCE_SECONDS = 40.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all journeys."""
    for item in items:
        if "tests/e2e" in item.nodeid:
            item.add_marker(pytest.mark.e2e)


@dataclass(frozen=True)
class Shop:
    """A storefront that talks to the running platform."""

    stack: Stack
    http: httpx.Client
    customer_id: str

    def place(
        self,
        token: str = "tok_approve",  # a sandbox token
        *,
        provider: str = "sandbox",
        sku: str = "SKU-0001",
        quantity: int = 1,
        key: str | None = None,
        wait: int = 0,
    ) -> httpx.Response:
        """Place an order, paid by card unless PayPal takes the money."""
        method = "paypal" if provider == "paypal" else "card"
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        return self.http.post(
            "/api/v1/orders",
            headers=headers,
            json={
                "customer_id": self.customer_id,
                "currency": "EUR",
                "items": [{"sku": sku, "quantity": quantity}],
                "shipping": {
                    "method": "standard",
                    "address": {
                        "name": "Ada Example",
                        "line1": "Lindenweg 1",
                        "city": "Berlin",
                        "postal_code": "10115",
                        "country": "DE",
                    },
                },
                "payment": {"provider": provider, "method": {"type": method, "token": token}},
            },
        )

    def place_surely(self, **wanted: Any) -> str:
        """Place an order as a good client does; gives its id."""
        return str(self.insist(str(uuid.uuid4()), **wanted).json()["id"])

    def insist(self, key: str, **wanted: Any) -> httpx.Response:
        """Place an order with the same key until it is answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.place(key=key, **wanted)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code == 202:
                return answer
            assert answer.status_code in (409, 503), answer.text
            time.sleep(0.2)
        pytest.fail("the order was not taken in time")

    def cancel(self, order_id: str) -> httpx.Response:
        """Call an order off as a good client does: until it is told what became of that."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.http.post(
                f"/api/v1/orders/{order_id}/cancel", json={}, headers={"Prefer": "wait=10"}
            )
            if answer.status_code != 202:
                return answer
        pytest.fail("the order was not called off in time")

    def order(self, order_id: str) -> dict[str, Any]:
        """Read an order."""
        answer = self.http.get(f"/api/v1/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_for(
        self, order_id: str, until: Callable[[dict[str, Any]], bool], what: str
    ) -> dict[str, Any]:
        """Read an order again and again until it is as wanted; servers may be away meanwhile."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        seen: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                seen = self.order(order_id)
            except (httpx.TransportError, AssertionError):
                time.sleep(0.2)
                continue
            if until(seen):
                return seen
            time.sleep(0.05)
        pytest.fail(f"{what} was not reached; the order is {seen}")

    def becomes(self, order_id: str, status: str) -> dict[str, Any]:
        """Wait until an order has a status."""
        return self.wait_for(order_id, lambda order: order["status"] == status, status)

    def put_product(self, units: dict[str, int]) -> str:
        """Make a SKU of its own with so many units per warehouse."""
        sku = f"E2E-{uuid.uuid4().hex[:10]}"
        product = {"sku": sku, "name": "One of few", "prices": {"EUR": "10.00"}}
        assert self.http.put("/api/v1/products", json={"products": [product]}).status_code == 200
        counts = [
            {
                "warehouse": code,
                "sku": sku,
                "on_hand": on_hand,
                "message_id": str(uuid.uuid4()),
                "counted_at": "2026-01-01T00:00:00Z",
            }
            for code, on_hand in units.items()
        ]
        answer = self.http.put("/api/v1/stock/counts", json={"counts": counts})
        assert [row["status"] for row in answer.json()["results"]] == ["applied"] * len(units)
        return sku

    def available(self, sku: str) -> int:
        """Ask how many units can be promised."""
        answer = self.http.get("/api/v1/availability", params={"sku": sku})
        return int(answer.json()["results"][0]["available"])

    def faults(self, **faults: object) -> None:
        """Make the Stripe simulator misbehave; nothing given makes it well."""
        url = f"{self.stack.run['simulators_url']}/stripe/_faults"
        httpx.delete(url).raise_for_status()
        if faults:
            httpx.post(url, json=faults).raise_for_status()

    def repeated_messages(self, provider: str) -> int:
        """Ask the metrics how many messages of a provider had come before."""
        name = f'webhooks_total{{outcome="repeated",provider="{provider}"}} '
        lines = self.http.get("/metrics").text.splitlines()
        return sum(int(float(one.removeprefix(name))) for one in lines if one.startswith(name))

    def ask(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.stack.run["database_url"]) as connection:
            return connection.execute(statement, parameters).fetchall()


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    """A storefront; the provider is well again afterwards."""
    run = stack.run
    with httpx.Client(
        base_url=run["base_url"], headers={"Authorization": f"Bearer {run['token']}"}, timeout=15
    ) as http:
        one = Shop(stack, http, run["customer_id"])
        yield one
        one.faults()
