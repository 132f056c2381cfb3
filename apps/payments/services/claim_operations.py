"""Take due operations for one worker: a lease, and a token that fences off its forerunners."""

import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.kernel.decoding import decode
from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.operations import (
    LEASE_SECONDS,
    NEEDS_THE_AUTHORISATION,
    OperationKind,
    OperationState,
)
from apps.payments.ports import GatewayCall
from apps.platform.bulk import instant, microseconds

# Time is the database's here: a worker whose clock is wrong must not take what is not due. What is
# taken is due again when its lease ends, so that looking never has to pass over what is under way.
# What needs the authorisation is passed over while that is being renewed. In the order of the index:
# for a mere "is there one" the planner may read all the closed ones.
DUE_BY_TIME = f"""
    FROM payments_paymentoperation d
    WHERE d.gate = %s AND d.next_at <= now()
      AND d.state IN ('pending', 'in_flight', 'unknown', 'waiting')
      AND (d.lease_until IS NULL OR d.lease_until < now())
      AND (d.kind NOT IN {tuple(map(str, NEEDS_THE_AUTHORISATION))} OR NOT EXISTS (
          SELECT 1 FROM payments_paymentoperation r
          WHERE r.payment_id = d.payment_id AND r.kind = '{OperationKind.RENEW}'
            AND r.state IN ('pending', 'in_flight', 'unknown', 'waiting')))
    ORDER BY d.next_at
"""
"""Calls that may be taken at a gate, the longest due first."""
# As `Payment.to_refund_minor`, asked of the rows as they are now: whether a refund is of more than may go
# back. Where nothing went back yet and nothing is disputed it is what was asked for, and is not doubted.
_IS_OVERTAKEN = """
    o.kind = 'refund' AND (
        (p.refunded_minor > 0 AND o.amount_minor + p.refunded_minor
            > CASE WHEN p.is_unwanted THEN p.captured_minor ELSE p.refund_wanted_minor END)
        OR (p.disputed_minor + p.lost_minor > 0 AND o.amount_minor + p.refunded_minor
            > p.captured_minor - p.disputed_minor - p.lost_minor))
"""
_CLAIM = f"""
WITH due AS (
    SELECT d.id, d.state, d.lease_until {DUE_BY_TIME} LIMIT %s FOR UPDATE OF d SKIP LOCKED
)
UPDATE payments_paymentoperation o
SET state = 'in_flight', token = o.token + 1, attempts = o.attempts + 1,
    lease_until = now() + interval '{LEASE_SECONDS} s', updated_at = now(),
    next_at = now() + interval '{LEASE_SECONDS} s'
FROM due, payments_payment p
WHERE o.id = due.id AND p.id = o.payment_id
RETURNING o.id, o.token, due.state, o.kind, o.amount_minor, o.idempotency_key,
          {microseconds("o.created_at")}, o.trace_context, o.provider, p.id, p.order_id, p.currency,
          p.authorization, p.method_token, o.only_looks, p.is_unwanted, {microseconds("now()")},
          p.method_type, o.reference,
          CASE WHEN o.kind = 'refund' THEN (
              SELECT c.reference FROM payments_paymentoperation c
              WHERE c.payment_id = p.id AND c.kind = 'capture' AND c.state = 'succeeded'
              ORDER BY c.nth DESC LIMIT 1) END, p.customer_id,
          CASE WHEN o.kind IN ('void', 'renew') THEN (
              SELECT a.reference FROM payments_paymentoperation a
              WHERE a.payment_id = p.id AND a.kind = 'authorize' AND a.state = 'succeeded'
              ORDER BY a.nth DESC LIMIT 1) END,
          {_IS_OVERTAKEN}
"""
_TOLD = """
SELECT payment_id, facts::text FROM payments_providermessagerecord
WHERE payment_id = ANY(%s) AND facts <> '{}' AND given_up_at IS NULL ORDER BY id
"""


class ClaimedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that this worker may carry out now.

    `looks_first` says that its outcome is to be looked up before it may be made (again), `may_be_made`
    whether it may be made at all, `is_overtaken` that it may not because less may go back by now.
    """

    call: GatewayCall
    token: int
    provider: str
    looks_first: bool
    may_be_made: bool
    is_overtaken: bool
    trace_context: str
    claimed_at: datetime
    claimed_on_timer: float

    def database_now(self) -> datetime:
        """Give the present by the database's clock, from its time at the claim and our stop-watch."""
        return self.claimed_at + timedelta(seconds=time.monotonic() - self.claimed_on_timer)


def claim_operations(*, gate: str, at_most: int) -> list[ClaimedOperation]:
    """Take up to so many due operations of a gate, the longest due first.

    What another worker holds is passed over until its lease ends. The claim is committed on return.
    """
    if at_most <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [gate, at_most])
        timer = time.monotonic()
        rows = cursor.fetchall()
        told = _told(cursor, {row[9] for row in rows if row[2] != OperationState.PENDING})
        return [_claimed(row, timer, tuple(told.get(row[9], ()))) for row in rows]


def _told(
    cursor: CursorWrapper, payment_ids: Collection[PaymentId]
) -> dict[PaymentId, list[dict[str, Any]]]:
    """Give what providers have told about payments whose calls are looked up; mostly nothing.

    What was given up is left out: a person has said that nothing of it counts.
    """
    told: dict[PaymentId, list[dict[str, Any]]] = {}
    if payment_ids:
        cursor.execute(_TOLD, [list(payment_ids)])
        for payment_id, facts in cursor.fetchall():
            told.setdefault(payment_id, []).append(decode(facts))
    return told


def _claimed(
    row: tuple[Any, ...], timer: float, told: tuple[Mapping[str, Any], ...]
) -> ClaimedOperation:
    (
        operation_id, token, state, kind, amount_minor, key, created_at, trace_context,
        provider, payment_id, order_id, currency, authorization, method_token,
        only_looks, is_unwanted, claimed_at, method_type, reference, charge, customer_id,
        first_authorization, is_overtaken,
    ) = row  # fmt: skip
    return ClaimedOperation(
        call=GatewayCall(
            operation_id=operation_id,
            payment_id=payment_id,
            order_id=order_id,
            kind=OperationKind(kind),
            amount=Money(amount_minor, currency),
            idempotency_key=key,
            authorization=authorization,
            method_type=method_type,
            customer_id=customer_id,
            method_token=method_token,
            reference=reference,
            first_authorization=first_authorization or "",
            charge=charge or "",
            told=told,
            return_url=f"{settings.OMS_BASE_URL}/payments/{payment_id}/return",
            created_at=instant(created_at),
        ),
        token=token,
        provider=provider,
        # One still in flight was left by a worker that died: what it did is not known.
        looks_first=state != OperationState.PENDING,
        # What nobody wants any more is neither charged nor held for longer, only to be given back. What
        # went back at the provider's own desk meanwhile, or by a bank, does not go back again.
        may_be_made=not only_looks
        and not is_overtaken
        and not (is_unwanted and kind in (OperationKind.CAPTURE, OperationKind.RENEW)),
        is_overtaken=is_overtaken and not only_looks,
        trace_context=trace_context,
        claimed_at=instant(claimed_at),
        claimed_on_timer=timer,
    )
