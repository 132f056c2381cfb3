"""Carry out due operations of one gate: claim, commit, call, record, with many calls at once."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import cache
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.payments.adapters.registry import BREAKERS, gateway_named, list_gates
from apps.payments.domain.operations import LATEST_START_SECONDS, LEASE_SECONDS, MONEY_BACK
from apps.payments.ports import (
    NOT_OFFERED,
    Declined,
    GatewayMisused,
    GatewayUnavailable,
    Heard,
    NobodyAsked,
    NothingHappened,
    NotKnown,
    NotMade,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Refused,
    Result,
    Undecided,
)
from apps.payments.services.claim_operations import ClaimedOperation, claim_operations
from apps.payments.services.recording import EndedCall, Recorder
from apps.payments.services.waking import is_call_due
from apps.platform.resilience.breaker import BreakerSettings, Transition
from apps.platform.resilience.gate import Gate, Lease
from apps.platform.resilience.stores import GateSettings
from apps.platform.telemetry.metrics import gateway_call_seconds, gateway_calls_total
from apps.platform.telemetry.tracing import span_from

SLOT_LEASE_MILLISECONDS = LEASE_SECONDS * 1000
"""A killed worker's slots come back together with its operations."""
DISPATCH_SECONDS = 5.0
SHORTEST_GATHER_SECONDS, LONGEST_GATHER_SECONDS = 0.01, 0.02
"""How long answers are gathered before they are recorded together: as long as the last round took,
within limits. So a busy machine records more of them at once, and each costs less; but a call that
has ended holds its place meanwhile, so that it is the shortest time where all places are taken."""

log = structlog.get_logger(__name__)


class Attempt(NamedTuple):
    """How an attempt ended, and what it says of whether the provider is there."""

    result: Result
    heard: Heard


@cache
def gate_named(name: str) -> Gate:
    """Give the breaker and bulkhead of one gate; all workers share its state."""
    breaker = BREAKERS.get(name, BreakerSettings())
    return Gate(
        f"payments:{name}",
        GateSettings(
            **asdict(breaker),
            concurrent_calls=settings.OMS_GATEWAY_CONCURRENCY,
            lease_ms=SLOT_LEASE_MILLISECONDS,
        ),
    )


def look_at_gates() -> None:
    """Bring the metrics of all gates up to date; called when they are read.

    Else a process that has nothing to do would go on showing the gate that it saw last.
    """
    for name in list_gates():
        gate_named(name).state(timezone.now())


@cache
def _pool(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.OMS_GATEWAY_CONCURRENCY, thread_name_prefix=name)


def dispatch_operations(*, gate_name: str, until: float | None = None) -> int:
    """Carry out what is due at a gate until nothing is, or the time is up; returns the calls made.

    `until` is on the monotonic clock, five seconds from now when left out. Several dispatchers may
    run at once. Calls that are under way when the time is up are waited for; each ends within its
    adapter's limit.
    """
    deadline = time.monotonic() + DISPATCH_SECONDS if until is None else until
    with Recorder() as recorder:
        return _work_off(gate_name, recorder, deadline)


def _work_off(gate_name: str, recorder: Recorder, deadline: float) -> int:
    gate = gate_named(gate_name)
    pool = _pool(gate_name)
    running: dict[Future[Attempt], tuple[ClaimedOperation, Lease]] = {}
    ended: list[EndedCall] = []
    made = 0
    gather = SHORTEST_GATHER_SECONDS
    is_more_due = False
    while True:
        began = time.monotonic()
        _give_back_places(gate, gate_name, ended)
        room = settings.OMS_GATEWAY_CONCURRENCY - len(running)
        if room > 0 and time.monotonic() < deadline:
            calls = _claim(gate, gate_name, room, is_sure=is_more_due)
            is_more_due = len(calls) == room
            for claimed, lease in calls:
                running[pool.submit(carry_out, claimed)] = (claimed, lease)
        # The next calls are under way while the answers to the last ones are written down. Where all
        # places are ours and taken, more is due, and must not wait until that is done either.
        is_full = len(running) >= settings.OMS_GATEWAY_CONCURRENCY
        recorder.record(ended, in_background=is_full)
        if not running and not ended:
            return made
        spent = 0.0 if is_full else time.monotonic() - began
        wait(running, timeout=0.05, return_when=FIRST_COMPLETED)
        time.sleep(gather)
        ended = [_ended(future, *running.pop(future)) for future in list(running) if future.done()]
        made += len(ended)
        gather = min(LONGEST_GATHER_SECONDS, max(SHORTEST_GATHER_SECONDS, spent))


def _ended(future: Future[Attempt], claimed: ClaimedOperation, lease: Lease) -> EndedCall:
    result, heard = future.result()
    return EndedCall(claimed=claimed, lease=lease, result=result, heard=heard)


def _claim(
    gate: Gate, gate_name: str, room: int, *, is_sure: bool
) -> list[tuple[ClaimedOperation, Lease]]:
    """Take calls that are due, and places for them; who `is_sure` that there are any asks for places at once."""
    if not is_sure and not is_call_due(gate_name):
        return []
    leases = gate.permits(room, timezone.now())
    claimed = claim_operations(gate=gate_name, at_most=len(leases))
    gate.release(leases[len(claimed) :], timezone.now())
    return list(zip(claimed, leases, strict=False))


def carry_out(claimed: ClaimedOperation) -> Attempt:
    """Make one call, or look up how it ended; every error becomes a result.

    What the provider does not accept, and a mistake of ours, say nothing against the provider. It ends
    within its lease: what took long to look up is made at another time. Runs in a thread of the pool and
    uses no database of ours; the sandbox, which keeps its book there, closes its connection behind it.
    """
    began = time.monotonic()
    call = claimed.call
    gateway = gateway_named(claimed.provider)
    with (
        span_from(
            [claimed.trace_context] if claimed.trace_context else [],
            f"{claimed.provider} {call.kind}",
            {"payment.operation": str(call.operation_id)},
        ),
        gateway_call_seconds.labels(gateway=claimed.provider, kind=call.kind).time(),
    ):
        was_looked_up = False
        # Without books it is looked up in what was told, and that asks nobody.
        is_asked = claimed.looks_first and gateway.has_books
        heard = Heard.ANSWER if is_asked else Heard.NOTHING
        try:
            found = gateway.look_up(call) if claimed.looks_first else None
            was_looked_up = True
            if found is not None:
                return _answered(found, heard)
            if not claimed.may_be_made:
                is_lost = claimed.is_overtaken and claimed.looks_first and not gateway.has_books
                # Given up, what was sent and did arrive would come on top of what is owed then.
                return Attempt(NotKnown() if is_lost else NotMade(), heard)
            if time.monotonic() - began > LATEST_START_SECONDS:
                # Made now, it might outlive its lease, and somebody else would be at it, too.
                return Attempt(NotKnown(), heard)
            heard = Heard.ANSWER
            return _answered(gateway.perform(call), heard)
        except GatewayUnavailable as error:
            log.warning("gateway_unavailable", **_named(claimed, began), error=str(error))
            # After an unknown outcome, "does not answer" still leaves the outcome unknown.
            nothing = NothingHappened(code=str(error)[:64])
            return Attempt(NotKnown() if claimed.looks_first else nothing, Heard.SILENCE)
        except OutcomeUnknown as error:
            log.warning("gateway_outcome_unknown", **_named(claimed, began), error=str(error))
            return Attempt(NotKnown(), _heard_in(error))
        except GatewayMisused as error:
            log.error("gateway_misused", **_named(claimed, began), error=str(error))
            heard = Heard.NOTHING if isinstance(error, NotSent) else heard
            if claimed.looks_first and not (was_looked_up and call.kind in MONEY_BACK):
                # What an earlier attempt did is as unknown as before. Not so of giving money back:
                # the books have just shown that it was not done.
                return Attempt(NotKnown(), heard)
            return Attempt(Refused(code="gateway_misused", detail=str(error)[:200]), heard)
        except Exception:
            log.exception("gateway_adapter_failed", **_named(claimed, began))
            return Attempt(NotKnown(), Heard.NOTHING)


def _answered(outcome: Outcome, heard: Heard) -> Attempt:
    is_offered = not (isinstance(outcome, Declined) and outcome.code == NOT_OFFERED)
    return Attempt(outcome, heard if is_offered else Heard.NOTHING)


def _heard_in(error: OutcomeUnknown) -> Heard:
    if isinstance(error, NobodyAsked):
        return Heard.NOTHING
    return Heard.ANSWER if isinstance(error, Undecided) else Heard.SILENCE


def _named(claimed: ClaimedOperation, began: float) -> dict[str, str | float]:
    """Give what a line says of a call: whose it is, and how long it took. Calls that go well have none."""
    call = claimed.call
    return {
        "gateway": claimed.provider,
        "kind": call.kind,
        "operation_id": str(call.operation_id),
        "payment_id": str(call.payment_id),
        "order_id": str(call.order_id),
        "duration_ms": round((time.monotonic() - began) * 1000, 2),
    }


def _give_back_places(gate: Gate, gate_name: str, ended: Sequence[EndedCall]) -> None:
    """Tell the gate how calls ended, and let others have their places."""
    if not ended:
        return
    leases: dict[Heard, list[Lease]] = {heard: [] for heard in Heard}
    for one in ended:
        leases[one.heard].append(one.lease)
        gateway_calls_total.labels(
            gateway=one.claimed.provider,
            kind=one.claimed.call.kind,
            outcome=type(one.result).__name__,
        ).inc()
    gate.release(leases[Heard.NOTHING], timezone.now())
    change = gate.record(leases[Heard.ANSWER], leases[Heard.SILENCE], timezone.now())
    if change is Transition.CLOSED:
        release_waiting(gate_name)


def release_waiting(gate_name: str) -> int:
    """After an outage, make everything that waits due again, paced so that it does not come at once.

    What was never tried is paced, too: most of a long outage's orders came while no call was allowed.
    What somebody has locked is being worked on, and left alone.
    """
    # Nobody is waited for: only one worker hears that the provider is back, and a deadlock with
    # those who lock in key order would leave all of it waiting.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH free AS (
                SELECT id, created_at FROM payments_paymentoperation
                WHERE gate = %s AND state IN ('pending', 'unknown')
                ORDER BY id FOR UPDATE SKIP LOCKED
            ), due AS (SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS position FROM free)
            UPDATE payments_paymentoperation o
            SET next_at = now() + due.position * interval '1 s' / %s
            FROM due WHERE o.id = due.id
            """,
            [gate_name, settings.OMS_GATEWAY_RECOVERY_PER_SECOND],
        )
        return int(cursor.rowcount)
