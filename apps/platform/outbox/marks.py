"""Who is at which work: a mark in Valkey for other processes, an attention for the threads of this one.

A mark is short-lived and renewed while its work goes on, so that it ends with whoever holds it. Without
Valkey there are no marks: then more is woken than need be, and nothing else changes.
"""

import os
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import redis

from apps.platform import valkey

MARK_MILLISECONDS = 1000
REFRESH_SECONDS = 0.3
"""A worker that dies leaves its mark for a second; then the scheduler's wake-up gets through."""
LONGEST_PASS_SECONDS = 30.0
"""A pass that takes longer hangs: others may begin, in this process too. An honest one ends after
its five seconds and the calls that were under way then."""


def notice(names: Collection[str]) -> set[str]:
    """Tell the workers of this process that there is work; returns the names that none of them watches."""
    return {name for name in names if not _tell(name)}


def without_watched(names: Collection[str]) -> list[str]:
    """Leave out the work that somebody watches; all of it stays when Valkey is away."""
    listed = sorted(names)
    try:
        marks = valkey.ask(lambda client: client.mget([_key(name) for name in listed]))
    except redis.RedisError:
        return listed
    return [name for name, mark in zip(listed, marks, strict=True) if mark is None]


class Attention:
    """One thread of this process that watches a piece of work, until a pass of it hangs."""

    def __init__(self) -> None:
        self.noticed = threading.Event()
        self.begin_pass()

    def begin_pass(self) -> None:
        """Count anew how long this pass takes."""
        self._began = time.monotonic()

    @property
    def hangs(self) -> bool:
        """Whether the pass takes longer than any honest one."""
        return time.monotonic() - self._began > LONGEST_PASS_SECONDS


class Mark:
    """The mark of one worker. A thread of the process renews all of them while passes take their time."""

    def __init__(self, name: str, attention: Attention) -> None:
        self.value = secrets.token_hex(8)
        self.attention = attention
        self._key = _key(name)

    def take(self) -> bool:
        """Set the mark; False where another one stands."""
        with _keeping:
            try:
                if not valkey.ask(
                    lambda client: client.set(self._key, self.value, nx=True, px=MARK_MILLISECONDS)
                ):
                    return False
            except redis.RedisError:
                return True
            _kept[self._key] = self
        _start_keeper()
        return True

    def keep(self, *, is_alone: bool) -> None:
        """Go on alone, or give the mark up to be helped."""
        if not is_alone:
            self.give_up()
        elif self._key not in _kept:
            with _keeping:
                _kept[self._key] = self
                _renew()

    def give_up(self) -> None:
        """Take the mark away."""
        with _keeping:
            _kept.pop(self._key, None)
            with suppress(redis.RedisError):
                valkey.ask(lambda client: client.delete(self._key))


@contextmanager
def marked(name: str, attention: Attention) -> Iterator[Mark | None]:
    """Hold the mark of some work for the length of the block; None where another process is at it."""
    mark = Mark(name, attention)
    if not mark.take():
        yield None
        return
    try:
        yield mark
    finally:
        mark.give_up()


_kept: dict[str, Mark] = {}
_keeping = threading.Lock()
_keeper_of: list[int] = []


def _start_keeper() -> None:
    if _keeper_of != [os.getpid()]:
        _keeper_of[:] = [os.getpid()]
        threading.Thread(target=_keep, name="marks", daemon=True).start()


def _keep() -> None:
    while True:
        time.sleep(REFRESH_SECONDS)
        with _keeping:
            _renew()


def _renew() -> None:
    marks = {key: mark.value for key, mark in _kept.items() if not mark.attention.hangs}
    if not marks:
        return

    def set_all(client: redis.Redis) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for key, value in marks.items():
                pipeline.set(key, value, px=MARK_MILLISECONDS)
            pipeline.execute()

    with suppress(redis.RedisError):
        valkey.ask(set_all)


_attended: dict[str, Attention] = {}
_attending_begins = threading.Lock()


@contextmanager
def attending(name: str) -> Iterator[Attention | None]:
    """Be told of new work for the length of the block; None where a thread of ours is at it."""
    attention = Attention()
    with _attending_begins:
        other = _attended.get(name)
        is_ours = other is None or other.hangs
        if is_ours:
            _attended[name] = attention
    if not is_ours:
        yield None
        return
    try:
        yield attention
    finally:
        if _attended.get(name) is attention:
            del _attended[name]


def _tell(name: str) -> bool:
    attention = _attended.get(name)
    if attention is None or attention.hangs:
        return False
    attention.noticed.set()
    return True


def _key(name: str) -> str:
    return f"watched:{name}"
