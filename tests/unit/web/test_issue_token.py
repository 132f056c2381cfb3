"""The command that hands out tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.platform.web.authentication import verify
from apps.platform.web.principals import ALL_SCOPES, CUSTOMER_SCOPES, Principal
from apps.platform.web.refusals import HttpRefusal
from tests.unit.web.keys import CUSTOMER


@pytest.fixture(autouse=True)
def key_file(settings: Settings, private_key: str, tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_text(private_key)
    settings.OMS_JWT_PRIVATE_KEY_FILE = str(path)
    return path


def issued(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    [line] = out.getvalue().splitlines()
    return line


def principal_of(*arguments: str) -> Principal:
    return verify(issued(*arguments), datetime.now(UTC))


class TestIssueToken:
    def test_prints_a_token_of_a_service_with_every_scope(self) -> None:
        principal = principal_of("--service", "storefront", "--scopes", "all")
        assert (principal.kind, principal.subject) == ("service", "storefront")
        assert principal.scopes == frozenset(ALL_SCOPES)

    def test_prints_a_token_with_the_scopes_named(self) -> None:
        principal = principal_of("--service", "x", "--scopes", "orders:read inventory:read")
        assert principal.scopes == {"orders:read", "inventory:read"}

    def test_prints_a_token_of_a_customer_with_what_a_customer_needs(self) -> None:
        principal = principal_of("--customer", str(CUSTOMER))
        assert (principal.kind, principal.customer_id) == ("customer", CUSTOMER)
        assert principal.scopes == frozenset(CUSTOMER_SCOPES)

    def test_lets_it_hold_as_many_days_as_asked(self) -> None:
        text = issued("--service", "x", "--days", "2")
        now = datetime.now(UTC)
        verify(text, now + timedelta(days=2, seconds=20))
        with pytest.raises(HttpRefusal, match="expired"):
            verify(text, now + timedelta(days=2, seconds=40))

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["--scopes", "orders:read orders:dance"], "Unknown scopes: orders:dance"),
            (["--scopes", " "], "Unknown scopes: none given"),
            (["--days", "0"], "--days must be 1 to 3650"),
        ],
    )
    def test_refuses_in_one_line(self, arguments: list[str], reason: str) -> None:
        with pytest.raises(CommandError, match=reason) as refused:
            issued("--service", "x", *arguments)
        assert refused.value.returncode == 2
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize("content", [None, "", "not a key"])
    def test_needs_a_private_key(
        self, key_file: Path, settings: Settings, content: str | None
    ) -> None:
        if content is None:
            settings.OMS_JWT_PRIVATE_KEY_FILE = ""
        else:
            key_file.write_text(content)
        with pytest.raises(CommandError, match="OMS_JWT_PRIVATE_KEY_FILE: ") as refused:
            issued("--service", "x")
        assert refused.value.returncode == 2
