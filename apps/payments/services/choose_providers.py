"""Who takes the money of orders that are about to be paid: whom orders has chosen, or who stands in.

A stand-in is taken before anything of the payment exists, in the transaction that records it, and a
payment never changes its provider. So whatever fails, no order is ever authorised by two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.kernel.events.orders import OrderPaymentPending
from apps.payments.adapters.registry import gateway_named, is_set_up
from apps.payments.services.dispatch_operations import gate_named
from apps.platform.telemetry.metrics import payments_rerouted_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A provider with the order's token of it; `why` is for the payment's history, where there is more to say."""

    provider: str
    token: str
    why: str = ""


def choose_providers(wanted: Sequence[OrderPaymentPending], *, now: datetime) -> list[Choice]:
    """Choose for each order, in the order given; without a statement.

    With `OMS_PROVIDER_FALLBACK` an alternative stands in while the breaker of the one before it lets no
    call start. Of a provider that is being tried again, as many orders are left to it as there are
    trial calls, so that its return is noticed. Where nobody could start now, it stays with the first
    that is in use. Rules name providers in use alone, or the start is refused; one that is not (any
    more) can only come with an order that was placed before it was taken out.
    """
    if not settings.OMS_PROVIDER_FALLBACK:
        return [_first(one) for one in wanted]
    room = _Room(len(wanted), now)
    return [_available(one, room) for one in wanted]


class _Room:
    """How many more calls could start at each gate, looked at once per gate."""

    def __init__(self, wanted: int, now: datetime) -> None:
        self._wanted = wanted
        self._now = now
        self._left: dict[str, int] = {}

    def take(self, provider: str, token: str) -> bool:
        """Take one call's room, if there is any left."""
        gate = gateway_named(provider).route(token)
        if gate not in self._left:
            self._left[gate] = gate_named(gate).could_start(self._wanted, self._now)
        self._left[gate] -= 1
        return self._left[gate] >= 0


def _first(one: OrderPaymentPending) -> Choice:
    why = f"through {one.provider}, by the rule {one.rule}" if one.rule else ""
    return Choice(provider=one.provider, token=one.method_token, why=why)


def _available(one: OrderPaymentPending, room: _Room) -> Choice:
    first = _first(one)
    if not one.alternatives:
        return first
    in_use = [candidate for candidate in _candidates(one) if is_set_up(candidate[0])]
    could_start = (candidate for candidate in in_use if room.take(*candidate))
    provider, token = next(could_start, None) or next(iter(in_use), (first.provider, first.token))
    if provider == first.provider:
        return first
    payments_rerouted_total.labels(gateway=first.provider).inc()
    return Choice(
        provider=provider,
        token=token,
        why=f"through {provider}, because {first.provider} is not available "
        f"(by the rule {one.rule})",
    )


def _candidates(one: OrderPaymentPending) -> Iterator[tuple[str, str]]:
    yield one.provider, one.method_token
    for other in one.alternatives:
        yield other.provider, other.token
