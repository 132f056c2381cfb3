"""Speak to Valkey briefly: short time limits, no silent retries, one connection pool a process.

What is kept there is a convenience (limits, caches, breaker states). Everything that uses it must
be able to go on without it, so a call here either answers within a fraction of a second or raises
`redis.RedisError`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

import redis
from django.conf import settings
from django.core.signals import setting_changed
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS: Final = 0.2
AWAY_SECONDS: Final = 5.0

Answer = TypeVar("Answer")


class ValkeyAway(redis.RedisError):
    """Valkey failed a moment ago, so it was not asked: go on without it."""


@cache
def client() -> redis.Redis:
    """Return the process-wide client for `settings.REDIS_URL`; safe for threads and after a fork.

    Every command gives up after 0.2 seconds and is tried once: redis-py's own ten retries would
    hold a request for ten seconds when the server is a black hole.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        protocol=2,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
    )


class _Absence:
    """Until when Valkey is taken to be away, as `time.monotonic` counts."""

    until = 0.0


def ask(command: Callable[[redis.Redis], Answer]) -> Answer:
    """Run one command, or refuse at once while Valkey is known to be away.

    A connection that fails or is late is remembered for 5 seconds, so that an outage costs one
    request 0.2 seconds and the others nothing.

    Raises:
        ValkeyAway: it failed within the last 5 seconds and was not asked again.
        redis.RedisError: it failed just now, or refused the command.

    """
    if time.monotonic() < _Absence.until:
        raise ValkeyAway("Valkey did not answer a moment ago.")
    try:
        return command(client())
    except (redis.ConnectionError, redis.TimeoutError):
        _Absence.until = time.monotonic() + AWAY_SECONDS
        raise


def forget_absence() -> None:
    """Ask Valkey again with the next call, whatever happened before."""
    _Absence.until = 0.0


def _forget(*, setting: str, **_: object) -> None:
    if setting == "REDIS_URL":
        client.cache_clear()
        forget_absence()


setting_changed.connect(_forget)
