"""What warehouses report, sent through the API as they do."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.integration.api.conftest import Caller

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def clock(text: str) -> str:
    """Give a time of one day as a warehouse writes it, from `12:05`."""
    hour, minute = map(int, text.split(":"))
    return NOON.replace(hour=hour, minute=minute).isoformat()


def count(on_hand: int, at: str = "12:00", **changes: Any) -> dict[str, Any]:
    return {
        "warehouse": "BER",
        "sku": "SKU-A",
        "on_hand": on_hand,
        "message_id": str(uuid.uuid4()),
        "counted_at": clock(at) if len(at) == 5 else at,
        **changes,
    }


def movement(quantity: int, at: str = "12:00", **changes: Any) -> dict[str, Any]:
    return {
        "warehouse": "BER",
        "sku": "SKU-A",
        "quantity": quantity,
        "reason": "receipt",
        "message_id": str(uuid.uuid4()),
        "occurred_at": clock(at) if len(at) == 5 else at,
        **changes,
    }


class Warehouse:
    """Reports rows and gives what became of each: the code where it was refused, else the status."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def report(self, *rows: dict[str, Any]) -> list[str]:
        """Send counts or movements in one call; what kind they are is seen in the first."""
        if "on_hand" in rows[0]:
            answer = self._caller.call("PUT", "/stock/counts", {"counts": rows})
        else:
            answer = self._caller.call("POST", "/stock/movements", {"movements": rows})
        assert answer.status_code == 200, answer.content
        results = json.loads(answer.content)["results"]
        assert [result["index"] for result in results] == list(range(len(rows)))
        return [result.get("code") or result["status"] for result in results]
