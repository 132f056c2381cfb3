"""Wait for an outcome when the caller prefers to (`Prefer: wait=N`, RFC 7240)."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

T = TypeVar("T")

MAX_WAIT_SECONDS: Final = 10
LONGEST_HEADER: Final = 256
"""Taking one apart takes a time that grows with the square of its length: seconds for some kilobytes."""

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.1
_GROWTH: Final = 1.5
_PREFERENCE: Final = re.compile(
    r"""(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?P<value>"[^"]*"|[^\s,;"]*))?"""
    r"""(?:\s*;(?:"[^"]*"|[^,"])*)?\s*(?:,|$)"""
)
_SECONDS: Final = re.compile(r"[0-9]{1,4}")


def wait_preferred(request: HttpRequest) -> int | None:
    """Give the seconds the caller would wait, 0 to 10; None where it does not say, or not so.

    A preference is a wish: what is malformed, a longer wait and a header of more than 256 characters
    are ignored and never refused. The first of several counts.
    """
    header = request.META.get("HTTP_PREFER", "")
    if not header or len(header) > LONGEST_HEADER:
        return None
    for preference in _PREFERENCE.finditer(header):
        if preference["name"].lower() == "wait":
            value = (preference["value"] or "").strip('"')
            seconds = int(value) if _SECONDS.fullmatch(value) else -1
            return seconds if 0 <= seconds <= MAX_WAIT_SECONDS else None
    return None


def mark_applied(response: HttpResponseBase, seconds: int) -> None:
    """Tell the caller that its wish was heeded."""
    response.headers["Preference-Applied"] = f"wait={seconds}"


@contextmanager
def patience() -> Iterator[bool]:
    """Whether this process can have one more caller wait, for the length of the block.

    Each one holds a thread. `OMS_WAITING_REQUESTS` of them at once may; whoever comes beyond is
    answered at once, so that a payment provider's outage does not become ours.
    """
    seats = _seats()
    is_seated = seats.acquire(blocking=False)
    try:
        yield is_seated
    finally:
        if is_seated:
            seats.release()


@cache
def _seats() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(settings.OMS_WAITING_REQUESTS)


def wait_until(
    check: Callable[[], T | None],
    seconds: float,
    *,
    pause: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> T | None:
    """Ask until there is an answer or the time is up; the last try comes at the very end.

    Pauses grow from 20 to 100 ms. `check` must read afresh each time: no transaction may be open
    around this. With 0 seconds it asks once.
    """
    ends_at = monotonic() + seconds
    length = _FIRST_PAUSE_SECONDS
    while True:
        answer = check()
        left = ends_at - monotonic()
        if answer is not None or left <= 0:
            return answer
        pause(min(length, left))
        length = min(length * _GROWTH, _LONGEST_PAUSE_SECONDS)
