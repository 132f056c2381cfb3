"""Journeys during which something dies: the order arrives all the same."""

import signal
import subprocess
import sys
import time

from infra.local import valkey
from infra.local.home import PROJECT
from infra.local.programs import SCHEDULER, WEB
from tests.e2e.conftest import PATIENCE_SECONDS, Shop


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

    def test_the_broker_away_for_as_long_as_it_likes(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 100})

        def seconds_until(status: str, token: str) -> float:
            began = time.monotonic()
            shop.becomes(shop.place_surely(token=token, sku=sku), status)
            return time.monotonic() - began

        with_broker = seconds_until("confirmed", "tok_approve")
        shop.stack.supervisor.stop(valkey.ROLE)
        try:
            time.sleep(3)
            for token, status in (("tok_approve", "confirmed"), ("tok_decline", "cancelled")):
                # Some looks of work that nobody is woken for, on top of what this machine needs.
                assert seconds_until(status, token) < 5 + 2 * with_broker
        finally:
            shop.stack.supervisor.resume(valkey.ROLE)
            shop.stack.wait_ready(valkey.ROLE)

    def test_neither_broker_nor_workers_but_a_command(self, shop: Shop) -> None:
        workers = ("worker-saga", "worker-background")
        shop.stack.supervisor.stop(*workers, valkey.ROLE)
        command = subprocess.Popen(
            [sys.executable, "manage.py", "drain_events", "--loop"],
            env=shop.stack.environment,
            cwd=PROJECT,
        )
        try:
            placed = shop.place_surely(provider="stripe", token="pm_card_visa")
            shop.becomes(placed, "confirmed")
            deadline = time.monotonic() + PATIENCE_SECONDS
            sent = "SELECT 1 FROM notifications_message WHERE order_id = %s AND status = 'sent'"
            while not shop.ask(sent, placed) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert shop.ask(sent, placed)
        finally:
            command.send_signal(signal.SIGINT)
            assert command.wait(20) == 0
            shop.stack.supervisor.resume(valkey.ROLE, *workers)
            shop.stack.wait_ready(valkey.ROLE, *workers)

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
