"""Settled payments, and what their provider reports of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Done, GatewayCall, SettlementLine
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import Provider

DAY = timedelta(days=1)


def reported(
    provider: Provider,
    told: Sequence[Mapping[str, Any]] | None = None,
) -> list[SettlementLine]:
    """Give what is reported of the day around now."""
    now = datetime.now(UTC)
    lines = provider.gateway.list_settled(
        since=now - DAY,
        until=now + DAY,
        told=provider.announce() if told is None else told,
    )
    return sorted(lines, key=lambda line: (line.booked_at, line.kind))


def charged(provider: Provider) -> tuple[GatewayCall, str, str]:
    """Take a payment; gives its call, and the names of authorisation and capture."""
    call = make_call(token=provider.approved)
    held = provider.gateway.perform(call)
    assert isinstance(held, Done)
    taken = provider.settle(make_call(OperationKind.CAPTURE, of=call, authorization=held.reference))
    assert isinstance(taken, Done)
    return call, held.reference, taken.reference


def lie(provider: Provider, **lies: Any) -> None:
    """Have the provider report what is not so."""
    assert provider.simulator is not None
    provider.simulator.ask("/_settlements", "POST", lies)


def extra(reference: str, kind: str = "charge", **more: Any) -> dict[str, Any]:
    """Make a booking that no payment stands behind."""
    now = int(datetime.now(UTC).timestamp())
    booking = {"kind": kind, "reference": reference, "amount": 777, "currency": "EUR"}
    return {**booking, "created": now, **more}
