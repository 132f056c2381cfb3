"""What orders does when it hears of stock, payments and products."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

from apps.kernel.events.inventory import ProductChanged
from apps.kernel.events.payments import RefundDocumented
from apps.orders.services.note_documents import note_documents
from apps.orders.services.update_price_list import update_price_list
from apps.platform.outbox.delivered import Delivered


class Step(Protocol):
    """A use case of the saga."""

    def __call__(self, batch: Sequence[Delivered[Any]], *, now: datetime) -> None:
        """Apply what was heard."""


def at_once(step: Step) -> Callable[[Sequence[Delivered[Any]]], None]:
    """Turn a use case of the saga into a handler: the time comes in here."""

    def handle(batch: Sequence[Delivered[Any]]) -> None:
        step(batch, now=timezone.now())

    handle.__name__ = getattr(step, "__name__", "handle")
    return handle


def take_over_products(batch: Sequence[Delivered[ProductChanged]]) -> None:
    """Keep the price list up to date."""
    update_price_list(products=[one.event for one in batch])


def keep_credit_notes(batch: Sequence[Delivered[RefundDocumented]]) -> None:
    """Keep the numbers of credit notes with their orders."""
    note_documents(documents=[one.event for one in batch])
