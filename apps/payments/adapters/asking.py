"""Ask a provider again for what did not come."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from apps.payments.ports import GatewayUnavailable, LockedOut
from apps.platform.resilience.backoff import delay_seconds

TRIES = 5
FIRST_PAUSE_SECONDS = 2.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


def ask_again(read: Callable[[], T]) -> T:
    """Give what `read` gives, and ask again where the provider is too busy, broken or silent.

    For a page among a thousand, which must not cost the others, and for nothing that changes
    anything. Five times at most, with growing pauses of up to half a minute together, drawn by
    chance so that what failed together does not come back together. A refused key is not tried again.

    Raises:
        GatewayUnavailable: the provider did not answer the last time either.
    """
    for attempt in range(1, TRIES):
        try:
            return read()
        except LockedOut:
            raise
        except GatewayUnavailable as error:
            pause = delay_seconds(attempt, base=FIRST_PAUSE_SECONDS, jitter=random.random)
            log.info("asked_again", error=str(error), attempt=attempt, pause_seconds=pause)
            time.sleep(pause)
    return read()
