"""What the control addresses of all simulated providers have in common."""

from typing import Any

import msgspec

from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response

CALL_SECONDS_SHOWN = 900


def control_faults(mischief: Mischief, request: Request) -> Response:
    """Show the faults, change them by POST, or end them by DELETE."""
    try:
        if request.method == "POST":
            mischief.change(request.body)
        elif request.method == "DELETE":
            mischief.end()
    except msgspec.MsgspecError as error:
        return refused(400, str(error))
    return as_json(mischief.faults)


def show_calls(calls: dict[int, int]) -> Response:
    """Show how often a provider was called, by second."""
    newest = list(calls.items())[-CALL_SECONDS_SHOWN:]
    by_second = {str(second): count for second, count in newest}
    return as_json({"total": sum(calls.values()), "by_second": by_second})


def query_of(request: Request) -> dict[str, str]:
    """Read a query without anything encoded in it."""
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    return {name: value for name, _, value in pairs}


def as_json(document: Any) -> Response:
    """Answer with a document."""
    return Response(body=msgspec.json.encode(document), content_type="application/json")


def refused(status: int, why: str) -> Response:
    """Answer that it cannot be."""
    return Response(
        status=status,
        body=msgspec.json.encode({"error": why}),
        content_type="application/json",
    )
