"""Write down how calls ended, many at once, and where it presses while others are under way."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.payments.ports import Heard, Result
from apps.payments.services.apply_gateway_facts import GatewayFact, apply_gateway_facts
from apps.payments.services.claim_operations import ClaimedOperation
from apps.platform.resilience.gate import Lease

WRITERS = 4
"""How many threads write while calls are under way; each keeps its connection for the next time."""

log = structlog.get_logger(__name__)

_writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="recording")


class EndedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call, its place at the gate, how it ended, and what that says of the provider."""

    claimed: ClaimedOperation
    lease: Lease
    result: Result
    heard: Heard


class Recorder:
    """Writes down the calls of one dispatcher, one transaction at a time; at the end of the `with`, all."""

    def __init__(self) -> None:
        """Begin nothing."""
        self._ended: list[EndedCall] = []
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        """Take calls from now on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write down what is left, also after a failure."""
        if self._under_way is not None:
            # Only waited for: what went wrong is in the log, and what is left is still to be written down.
            self._under_way.exception()
        if self._ended:
            _record(self._ended)

    def record(self, ended: Sequence[EndedCall], *, in_background: bool) -> None:
        """Write calls down: all of them before this returns, or soon and together with later ones.

        Raises what an earlier record in the background raised: the calls of that one are taken up anew
        when their leases end, the others are kept.
        """
        self._ended += ended
        if self._under_way is not None and (self._under_way.done() or not in_background):
            recorded, self._under_way = self._under_way, None
            recorded.result()
        if not self._ended or self._under_way is not None:
            return
        batch, self._ended = self._ended, []
        if in_background:
            self._under_way = _writers.submit(_record_in_thread, batch)
        else:
            _record(batch)


def _record_in_thread(ended: Sequence[EndedCall]) -> None:
    try:
        # Calls were made: their record must not be lost to a session that broke since the last one.
        if connection.connection is not None and not connection.is_usable():
            connection.close()
        _record(ended)
    except Exception:
        # Here, because only here it is known which calls they were, whoever hears of the error.
        log.exception(
            "answers_not_recorded",
            operation_ids=[str(one.claimed.call.operation_id) for one in ended],
        )
        raise


def _record(ended: Sequence[EndedCall]) -> None:
    """Write down how calls ended, all in one transaction; one that cannot be keeps back no other.

    Raises:
        Exception: what kept the last of those back; they are taken up anew when their leases end.
    """
    try:
        _apply(ended)
    except (OperationalError, InterfaceError):
        # The database is away, for all of them.
        raise
    except Exception:
        if len(ended) == 1:
            raise
        log.exception("answers_recorded_one_by_one", calls=len(ended))
        _record_one_by_one(ended)


def _record_one_by_one(ended: Sequence[EndedCall]) -> None:
    trouble: Exception | None = None
    for one in ended:
        try:
            _apply([one])
        except Exception as error:
            call = one.claimed.call
            log.exception("answer_not_recorded", operation_id=str(call.operation_id))
            trouble = error
    if trouble is not None:
        raise trouble


def _apply(ended: Sequence[EndedCall]) -> None:
    apply_gateway_facts(
        facts=[
            GatewayFact(
                operation_id=one.claimed.call.operation_id,
                payment_id=one.claimed.call.payment_id,
                token=one.claimed.token,
                result=one.result,
            )
            for one in ended
        ],
        now=max(one.claimed.database_now() for one in ended),
    )
