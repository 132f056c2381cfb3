"""All that the simulated PayPal remembers, and the file that brings it back after a kill."""

import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.simulators.journal import Journal
from infra.simulators.paypal.journal import ChangeLine, DeliveredLine, Line
from infra.simulators.paypal.objects import (
    Authorization,
    Capture,
    Dispute,
    Event,
    Kept,
    Order,
    Refund,
)

ORDER_KEY_SECONDS = 6 * 3600
PAYMENT_KEY_SECONDS = 45 * 24 * 3600
# No vowels, nothing that looks like something else.
_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXZ"


class Books:
    """The orders with all that came of them, events and used keys. One thread uses them.

    Everything is in memory, and in the journal before a client gets its answer, so that a process
    killed and started again goes on where it was.
    """

    def __init__(
        self, journal: Path | None, *, is_announced: Callable[[str], bool] = lambda one: False
    ) -> None:
        """Read the journal, if there is one, and go on writing it; None keeps nothing.

        `is_announced` tells the types of events that a receiver of webhooks waits for.
        """
        self._is_announced = is_announced
        self._clear()
        self._journal: Journal[Line] | None = Journal(journal, Line) if journal else None
        for line in self._journal.lines() if self._journal else ():
            self._redo(line)

    def record(self, order: Order, events: Iterable[Event], *, kept: Kept | None = None) -> None:
        """Make this the present state of an order, and remember the key that brought it about."""
        self._write(ChangeLine(order=order, events=tuple(events), kept=kept))

    def delivered(self, event_id: str) -> None:
        """Remember that the receiver has taken an event."""
        self._write(DeliveredLine(event_id=event_id))

    def forget_all(self) -> None:
        """Begin new books."""
        self._clear()
        if self._journal is not None:
            self._journal.empty()

    def kept_for(self, key: str) -> Kept | None:
        """Give the first request with a key, unless PayPal would have forgotten it by now."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        is_order = kept.shown.kind == "order"
        lifetime = ORDER_KEY_SECONDS if is_order else PAYMENT_KEY_SECONDS
        return kept if time.time() - kept.created < lifetime else None

    def order_with(self, name: str) -> Order | None:
        """Find the order that an authorisation, capture, refund or dispute belongs to."""
        return self.orders.get(self._owner.get(name, ""))

    def is_invoice_paid(self, invoice_id: str, *, by: str) -> bool:
        """Whether an order other than the named one has been authorised under an invoice."""
        return bool(invoice_id) and self._invoices.get(invoice_id, by) != by

    def is_invoice_refunded(self, invoice_id: str) -> bool:
        """Whether a refund has been made under an invoice."""
        return bool(invoice_id) and invoice_id in self._refund_invoices

    def orders_of(self, custom_id: str) -> list[Order]:
        """Give the orders that bear a name of the caller's, the newest first."""
        return [self.orders[name] for name in reversed(self.payments.get(custom_id, []))]

    def _clear(self) -> None:
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, list[str]] = {}
        self.undelivered: dict[str, Event] = {}
        self._owner: dict[str, str] = {}
        self._invoices: dict[str, str] = {}
        self._refund_invoices: set[str] = set()
        self._kept: dict[str, Kept] = {}

    def _write(self, line: Line) -> None:
        self._redo(line)
        if self._journal is not None:
            self._journal.append([line])

    def _redo(self, line: Line) -> None:
        if isinstance(line, DeliveredLine):
            self.undelivered.pop(line.event_id, None)
            return
        self._put(line.order)
        self.undelivered.update(
            {one.id: one for one in line.events if self._is_announced(one.type)}
        )
        if line.kept is not None:
            self._kept[line.kept.key] = line.kept

    def _put(self, order: Order) -> None:
        if order.id not in self.orders:
            self.payments.setdefault(order.custom_id, []).append(order.id)
        self.orders[order.id] = order
        parts: list[Authorization | Capture | Refund | Dispute] = [
            *order.captures,
            *order.refunds,
            *order.disputes,
            *order.earlier,
        ]
        if order.authorization is not None:
            parts.append(order.authorization)
            if order.invoice_id and order.authorization.status != "DENIED":
                self._invoices[order.invoice_id] = order.id
        self._owner.update({part.id: order.id for part in parts})
        self._refund_invoices.update(one.invoice_id for one in order.refunds if one.invoice_id)


def new_name() -> str:
    """Make a name as PayPal's are: 17 letters and digits that nobody has."""
    return "".join(secrets.choice(_LETTERS) for _ in range(17))
