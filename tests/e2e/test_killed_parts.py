"""Journeys during which something dies: the order arrives all the same."""

import signal

from infra.local.programs import SCHEDULER, WEB
from tests.e2e.conftest import Shop


class TestKilling:
    def test_workers_killed_in_the_middle_of_the_saga(self, shop: Shop) -> None:
        placed = [shop.place_surely() for _ in range(20)]
        for role in ("worker-saga", "worker-background"):
            shop.stack.supervisor.kill(role, signal.SIGKILL)
        placed += [shop.place_surely() for _ in range(20)]
        for order_id in placed:
            shop.becomes(order_id, "confirmed")

    def test_the_broker_killed_and_back(self, shop: Shop) -> None:
        before = shop.place_surely()
        shop.stack.kill_valkey()
        during = shop.place()
        assert during.status_code == 202
        shop.becomes(before, "confirmed")
        shop.becomes(during.json()["id"], "confirmed")

    def test_the_database_killed_and_back(self, shop: Shop) -> None:
        before = [shop.place_surely() for _ in range(5)]
        shop.stack.kill_postgres()
        during = shop.place_surely()
        for order_id in (*before, during):
            shop.becomes(order_id, "confirmed")

    def test_the_web_server_and_the_scheduler_killed(self, shop: Shop) -> None:
        placed = shop.place_surely()
        shop.stack.supervisor.kill(WEB, signal.SIGKILL)
        shop.stack.supervisor.kill(SCHEDULER, signal.SIGKILL)
        shop.stack.wait_ready(WEB)
        shop.becomes(placed, "confirmed")
        shop.becomes(shop.place_surely(), "confirmed")
