"""Stay with a piece of work for a moment after it is done, so that the next bit needs no wake-up.

A Celery message costs about as much as handling an event. Whoever works holds a short-lived mark in
Valkey; while it stands nobody is woken for that work, and its holder looks a few times a second.
Work that this very process watches is told at once, without a message: where one worker serves
several queues, a whole batch of orders walks through the saga in one go. Without Valkey there are
no marks and more wake-ups, and nothing else changes.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

import redis
from django.conf import settings

from apps.platform import valkey
from apps.platform.pauses import pause_after

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 0.5
EVEN_SECONDS = 0.0125
"""Between passes a worker pauses, five times as long as the pass where that took 62 ms: the busier the
machine, the larger the batches, and the less each event costs (`pauses`)."""
LOOK_SECONDS = 0.25
"""How often a worker looks while this process knows of nothing new."""
LINGER_SECONDS = 0.5
CROWD = 500
MARK_MILLISECONDS = 1000
REFRESH_SECONDS = 0.3
"""A worker that dies leaves its mark for a second; then the scheduler's wake-up gets through."""
LONGEST_PASS_SECONDS = 30.0
"""A pass that takes longer hangs: others may begin, in this process too. An honest one ends after
its five seconds and the calls that were under way then."""

Step = Callable[[float], int]
"""One pass over the work, given when to stop on the monotonic clock; returns how much it did."""


def work_and_watch(name: str, step: Step, *, seconds: float = 5.0) -> int:
    """Work until there is nothing to do and for a moment longer; returns how much was done.

    Returns at once where another worker is at it. When one pass does as much as a crowd brings, and
    there are other worker processes, the mark is taken away so that they are woken to help.
    """
    deadline = time.monotonic() + seconds
    done = 0
    with _attending(name) as attention:
        if attention is None:
            return 0
        with _mark(name, attention) as mark:
            if mark is None:
                return 0
            done = _watch(mark, attention, step, deadline)
    # What came while the mark stood woke nobody: it is ours to look for once more.
    return done + step(time.monotonic() + seconds)


def _watch(mark: "_Mark", attention: "_Attention", step: Step, deadline: float) -> int:
    done = 0
    quiet_since = time.monotonic()
    while time.monotonic() < deadline:
        began = time.monotonic()
        attention.noticed.clear()
        attention.begin_pass()
        amount = step(deadline)
        done += amount
        if amount:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > (LINGER_SECONDS if done else LOOK_SECONDS):
            # Called in vain, because somebody else was faster, one more look is enough.
            break
        is_crowded = amount >= CROWD
        mark.keep(is_alone=not is_crowded or settings.OMS_OUTBOX_WORKERS == 1)
        if not is_crowded:
            pause = pause_after(
                time.monotonic() - began,
                even=EVEN_SECONDS,
                shortest=SHORTEST_PAUSE_SECONDS,
                longest=LONGEST_PAUSE_SECONDS,
            )
            time.sleep(pause)
            attention.noticed.wait(LOOK_SECONDS - pause)
    return done


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


class _Attention:
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


class _Mark:
    """The mark of one worker. A thread of the process renews all of them while passes take their time."""

    def __init__(self, name: str, attention: _Attention) -> None:
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
def _mark(name: str, attention: _Attention) -> Iterator[_Mark | None]:
    mark = _Mark(name, attention)
    if not mark.take():
        yield None
        return
    try:
        yield mark
    finally:
        mark.give_up()


_kept: dict[str, _Mark] = {}
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


_attended: dict[str, _Attention] = {}
_attending_begins = threading.Lock()


@contextmanager
def _attending(name: str) -> Iterator[_Attention | None]:
    """Be told of new work for the length of the block; None where a thread of ours is at it."""
    attention = _Attention()
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
