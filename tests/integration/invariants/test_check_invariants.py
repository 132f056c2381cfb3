"""The command: what it prints, and the status that it ends with."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.integration.invariants.conftest import Shop


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("check_invariants", *arguments, stdout=output)
    return output.getvalue()


def run_broken(*arguments: str) -> tuple[str, CommandError]:
    output = io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("check_invariants", *arguments, stdout=output)
    return output.getvalue(), failure.value


@pytest.fixture
def broken(shop: Shop) -> Shop:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stocklevel SET on_hand = 77 WHERE sku = 'SKU-B'")
    return shop


class TestCheckInvariants:
    def test_ticks_off_what_holds(self, shop: Shop) -> None:
        text = run("--settled")
        assert "✓  the ledger adds up to the level" in text
        assert "✗" not in text
        assert f"All {text.count('✓')} that were asked hold." in text

    def test_explains_what_does_not_hold_and_ends_with_1(self, broken: Shop) -> None:
        text, error = run_broken()
        assert error.returncode == 1
        assert str(error).endswith("invariants do not hold: the_ledger_adds_up_to_the_level.")
        assert "✗ the_ledger_adds_up_to_the_level\nThe movements of a SKU in a warehouse" in text
        assert (
            "    sku=SKU-B  warehouse=BER  on_hand=77  moved_on_hand=10  reserved=1  moved_reserved=1"
            in text
        )

    def test_tells_programs_in_json(self, broken: Shop) -> None:
        text, error = run_broken("--json")
        document: dict[str, Any] = json.loads(text)
        assert error.returncode == 1
        assert document["holds"] is False
        (ledger,) = [one for one in document["invariants"] if not one["holds"]]
        assert (ledger["name"], ledger["count"]) == ("the_ledger_adds_up_to_the_level", 1)
        assert ledger["rows"][0]["on_hand"] == 77

    def test_checks_what_it_is_told_to_alone(self, broken: Shop) -> None:
        document = json.loads(run("--json", "--only", "order_totals_balance"))
        assert [one["name"] for one in document["invariants"]] == ["order_totals_balance"]
        assert document["holds"] is True

    @pytest.mark.parametrize("since", ["2026-11-22", "2026-11-22T08:00Z", "90m", "24h", "7d"])
    def test_takes_times_as_people_write_them(self, shop: Shop, since: str) -> None:
        assert json.loads(run("--json", "--since", since))["holds"] is True
