"""Celery's doors to payments."""

import time

from celery import shared_task

from apps.payments.services.dispatch_operations import dispatch_operations
from apps.payments.services.handle_messages import BATCH, HANDLE_MESSAGES, handle_messages
from apps.payments.services.number_documents import number_all_documents, number_late_documents
from apps.payments.services.purge_messages import purge_messages
from apps.payments.services.reconcile_due import reconcile_due
from apps.payments.services.undo_again import BATCH as UNDO_BATCH
from apps.payments.services.undo_again import undo_what_is_due
from apps.payments.services.waking import DISPATCH
from apps.payments.services.watch_authorisations import BATCH as WATCH_BATCH
from apps.payments.services.watch_authorisations import watch_authorisations
from apps.platform.database_clock import database_now
from apps.platform.outbox.watching import work_and_watch


@shared_task(name="payments.dispatch", acks_late=False, ignore_result=True)
def dispatch_gate(gate: str) -> None:
    """Carry out what is due at a gate; a repeated call finds nothing to do."""
    work_and_watch(
        f"{DISPATCH}{gate}", lambda deadline: dispatch_operations(gate_name=gate, until=deadline)
    )


@shared_task(name="payments.handle_messages", acks_late=False, ignore_result=True)
def handle_provider_messages() -> None:
    """Work off the stored webhooks; a repeated call finds nothing to do."""
    work_and_watch(HANDLE_MESSAGES, _handle_what_is_due)


def _handle_what_is_due(deadline: float) -> int:
    handled = 0
    while time.monotonic() < deadline:
        found = handle_messages(now=database_now())
        handled += found
        if found < BATCH:
            break
    return handled


@shared_task(name="payments.undo_again", ignore_result=True)
def undo_again() -> None:
    """Try again to give back what a provider refused to; a repeated call finds nothing due."""
    while undo_what_is_due(now=database_now()) == UNDO_BATCH:
        pass


@shared_task(name="payments.watch_authorisations", ignore_result=True)
def watch_over_authorisations() -> None:
    """See that no authorisation runs out unnoticed; a repeated call finds what is left."""
    while watch_authorisations(now=database_now()) == WATCH_BATCH:
        pass


@shared_task(name="payments.number_documents", ignore_result=True)
def number_documents() -> None:
    """Number the newest movements of money; a repeated call finds none without its document."""
    number_all_documents()


@shared_task(name="payments.number_missed_documents", ignore_result=True)
def number_missed_documents() -> None:
    """Number what came to light too late for the pass above; there is hardly ever any."""
    number_late_documents(now=database_now())


@shared_task(name="payments.purge_messages", ignore_result=True)
def forget_messages() -> None:
    """Forget what providers told us long ago."""
    purge_messages(now=database_now())


@shared_task(name="payments.reconcile", ignore_result=True)
def reconcile() -> None:
    """Compare the last days with what providers settled, once a day; a repeated call finds it done."""
    reconcile_due(now=database_now())
