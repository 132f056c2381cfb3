"""Stay with a piece of work for a moment after it is done, so that the next bit needs no wake-up.

A Celery message costs about as much as handling an event. Whoever works holds a short-lived mark in
Valkey (`marks.py`); while it stands nobody is woken for that work, and its holder looks a few times a
second. Work that this very process watches is told at once, without a message: where one worker serves
several queues, a whole batch of orders walks through the saga in one go.
"""

import time
from collections.abc import Callable

from django.conf import settings

from apps.platform.outbox.marks import Attention, Mark, attending, marked
from apps.platform.outbox.wakeups import wake
from apps.platform.pauses import pause_after

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 0.5
EVEN_SECONDS = 0.0125
"""Between passes a worker pauses, five times as long as the pass where that took 62 ms: the busier the
machine, the larger the batches, and the less each event costs (`pauses`)."""
LOOK_SECONDS = 0.25
"""How often a worker looks while this process knows of nothing new."""
LINGER_SECONDS = 0.5
LAST_LOOK_SECONDS = 0.25
"""The last look begins nothing new after this: others may be at it already, and two share what one does
better in larger batches."""
CROWD = 500

Step = Callable[[float], int]
"""One pass over the work, given when to stop on the monotonic clock; returns how much it did."""


def work_and_watch(name: str, step: Step, *, seconds: float = 5.0) -> int:
    """Work until there is nothing to do and for a moment longer; returns how much was done.

    Returns at once where another worker is at it. When one pass does as much as a crowd brings, and
    there are other worker processes, the mark is taken away so that they are woken to help. So they are
    where there is still something after the time is up.
    """
    deadline = time.monotonic() + seconds
    done = 0
    with attending(name) as attention:
        if attention is None:
            return 0
        with marked(name, attention) as mark:
            if mark is None:
                return 0
            done = _watch(mark, attention, step, deadline)
    # What came while the mark stood woke nobody: it is ours to look for once more.
    found = step(time.monotonic() + LAST_LOOK_SECONDS)
    if found:
        # Where there was something there may be more, and the time for it is up.
        wake({name})
    return done + found


def _watch(mark: Mark, attention: Attention, step: Step, deadline: float) -> int:
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
