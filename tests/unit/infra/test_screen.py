"""The screen of `make run`: all of it there, and fit to be copied."""

import io
import json
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.description import Run
from infra.local.screen import Screen

RUN: Run = {
    "base_url": "http://127.0.0.1:8000",
    "admin_url": "http://127.0.0.1:8000/admin/",
    "simulators_url": "http://127.0.0.1:8400",
    "providers": {
        "stripe": "https://api.stripe.com",
        "adyen": "http://127.0.0.1:8400/adyen/v72",
    },
    "mailbox_url": "http://127.0.0.1:8400/mailbox",
    "token": "eyJ" + "Zm9v" * 170,
    "customer_token": "eyJcustomer",
    "customer_id": "01930c2e-7b1c-7d57-8e9a-3f1c5a4b2d10",
    "warehouses": ["BER"],
    "staff": {"lead": {"username": "lena", "password": "s3cret[bold]"}},
    "database_url": "postgresql://127.0.0.1:15432/oms",
    "redis_url": "redis://127.0.0.1:16379/0",
    "broker_url": "redis://127.0.0.1:16379/0",
    "pids": {},
}


def show(run: Run) -> str:
    written = io.StringIO()
    Screen(Console(file=written, width=80)).ready(run, home=Path("/shop/.oms"), seconds=8.1)
    return written.getvalue()


@pytest.fixture
def shown() -> str:
    return show(RUN)


class TestScreen:
    @pytest.mark.parametrize(
        "text",
        [
            "http://127.0.0.1:8000/api/v1/docs",
            "http://127.0.0.1:8000/admin/",
            "http://127.0.0.1:8400/mailbox",
            "ready after 8.1 s",
            "make reset",
        ],
    )
    def test_says_where_everything_is(self, shown: str, text: str) -> None:
        assert text in shown

    def test_says_which_providers_are_real_and_where_they_send_messages(self, shown: str) -> None:
        words = " ".join(shown.split())
        assert "Stripe itself https://api.stripe.com; messages to" in words
        assert "http://127.0.0.1:8000/api/v1/webhooks/stripe" in words
        assert "Adyen itself" not in words
        simulated: Run = {**RUN, "providers": {"stripe": "http://127.0.0.1:8400/stripe"}}
        assert "Real providers none; the README" in " ".join(show(simulated).split())

    def test_shows_passwords_letter_by_letter(self, shown: str) -> None:
        assert "lena" in shown
        assert "s3cret[bold]" in shown

    def test_gives_the_token_on_one_line(self, shown: str) -> None:
        assert f"export TOKEN={RUN['token']}" in shown.splitlines()

    def test_gives_a_command_that_a_shell_and_the_platform_understand(self, shown: str) -> None:
        command = shown[shown.index("curl -sS http://127.0.0.1:8000/api/v1/orders ") :]
        words = shlex.split(command[: command.index("See what")].replace("\\\n", " "))

        assert words[:3] == ["curl", "-sS", "http://127.0.0.1:8000/api/v1/orders"]
        assert "Authorization: Bearer $TOKEN" in words
        body = json.loads(words[words.index("-d") + 1])
        assert body["customer_id"] == RUN["customer_id"]
        assert body["items"][0] == {"sku": "SKU-0001", "quantity": 2}
        assert body["payment"]["method"] == {"type": "card", "token": "tok_approve"}
