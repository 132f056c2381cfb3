"""The pages themselves: no log-in, no session, JSON."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.platform.health.checks import (
    MIGRATION_SECONDS,
    SECONDS,
    Check,
    Finding,
    Migrations,
    ask_broker,
    ask_cache,
    ask_database,
)

NEEDED = ("database", "migrations")


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer at all: a process that does not should be restarted."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Tell whether requests should come here: 200, or 503 without the database or its tables.

    Without cache or broker it is still 200, "degraded", since orders are taken all the same. Takes
    at most three seconds, or eight before the tables were found complete for the first time.
    """
    findings: dict[str, Finding] = {}
    for name, check in _checks().items():
        if name == "migrations" and not findings["database"].is_ok:
            continue
        findings[name] = check.find()
    failed = [name for name, finding in findings.items() if not finding.is_ok]
    is_ready = not any(name in NEEDED for name in failed)
    status = ("degraded" if failed else "ready") if is_ready else "unavailable"
    return JsonResponse(
        {
            "status": status,
            "failed": failed,
            "checks": {name: asdict(finding) for name, finding in findings.items()},
        },
        status=200 if is_ready else 503,
    )


@cache
def _checks() -> dict[str, Check]:
    return {
        "database": Check(ask_database, seconds=SECONDS),
        "migrations": Check(Migrations().demand, seconds=MIGRATION_SECONDS),
        "cache": Check(ask_cache, seconds=SECONDS),
        "broker": Check(ask_broker, seconds=SECONDS),
    }
