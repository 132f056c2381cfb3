"""How many requests a client may make in a window of time.

The count is kept in Valkey for all processes together. A process takes small leases, half a
hundredth of the limit at a time, and answers from its lease without asking again: the hot path
pays one round trip in many requests. Processes that hold an unused rest may make a client's limit
come up to that much early, never late. While Valkey is away each process counts alone.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis
from django.conf import settings

from apps.platform import valkey

LEASES_PER_LIMIT: Final = 200
REMEMBER_CLIENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limit says to one request.

    Attributes:
        is_allowed: whether it may go on.
        limit: requests in a window.
        remaining: how many are left, as far as this process knows.
        reset_seconds: whole seconds until the next window.

    """

    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """Give the `RateLimit-*` headers, and `Retry-After` for a refusal."""
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        if not self.is_allowed:
            headers["Retry-After"] = str(self.reset_seconds)
        return headers


@dataclass(slots=True)
class _Window:
    """What this process knows of one client's window: counted by all, and leased to us unused."""

    ends_at: float
    counted: int = 0
    leased: int = 0


_windows: Final[dict[str, _Window]] = {}
_lock: Final = threading.Lock()


def admit(*, client: str, limit_name: str, now: datetime) -> Verdict | None:
    """Count one request of a client and say whether it may go on; None where nothing limits it.

    `settings.OMS_RATE_LIMITS` maps a name to (requests, seconds). A limit named after the client
    itself, such as `service:storefront`, comes before the one asked for, and `default` after it;
    None or zero requests lift the limit. Windows are fixed and start at multiples of their length.
    """
    limits = settings.OMS_RATE_LIMITS
    name = next((name for name in (client, limit_name) if name in limits), "default")
    limit, window_seconds = limits.get(name) or (0, 0)
    if not limit:
        return None
    instant = now.timestamp()
    number = int(instant // window_seconds)
    ends_at = (number + 1) * window_seconds
    key = f"{name}:{client}"
    window = _window(key, ends_at, instant)
    is_allowed = _spend(window) or _lease(window, limit, f"{key}:{number}", window_seconds)
    return Verdict(
        is_allowed=is_allowed,
        limit=limit,
        remaining=max(0, limit - window.counted) + window.leased if is_allowed else 0,
        reset_seconds=max(1, math.ceil(ends_at - instant)),
    )


def forget_counts() -> None:
    """Start anew in this process; what Valkey has counted stays."""
    with _lock:
        _windows.clear()


def _window(key: str, ends_at: float, instant: float) -> _Window:
    with _lock:
        window = _windows.get(key)
        if window is None or window.ends_at != ends_at:
            if len(_windows) >= REMEMBER_CLIENTS:
                _make_room(instant)
            window = _windows[key] = _Window(ends_at)
        return window


def _make_room(instant: float) -> None:
    for key in [key for key, window in _windows.items() if window.ends_at <= instant]:
        del _windows[key]
    if len(_windows) >= REMEMBER_CLIENTS:
        _windows.clear()


def _spend(window: _Window) -> bool:
    with _lock:
        if window.leased:
            window.leased -= 1
            return True
        return False


def _lease(window: _Window, limit: int, key: str, window_seconds: int) -> bool:
    if window.counted >= limit:
        return False
    size = max(1, limit // LEASES_PER_LIMIT)
    total = _count(key, size, window_seconds)
    with _lock:
        # Without Valkey this process knows of nobody else and counts on from what it has seen.
        counted = window.counted + size if total is None else total
        window.counted = max(window.counted, counted)
        granted = min(size, limit - (counted - size))
        if granted <= 0:
            return False
        window.leased += granted - 1
        return True


def _count(key: str, size: int, window_seconds: int) -> int | None:
    def add(client: redis.Redis) -> int:
        pipeline = client.pipeline(transaction=False)
        pipeline.incrby(f"oms:limit:{key}", size)
        pipeline.expire(f"oms:limit:{key}", 2 * window_seconds)
        return int(pipeline.execute()[0])

    try:
        return valkey.ask(add)
    except redis.RedisError:
        return None
