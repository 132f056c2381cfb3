"""What a person may decide about parked keys; every deed leaves an entry in the audit log."""

from collections.abc import Collection, Mapping
from typing import Protocol

from django.db import transaction
from django.db.models import Q

from apps.kernel.errors import JsonValue
from apps.platform.outbox.models import ParkedKey
from apps.platform.outbox.parking import retry_parked, skip_head
from apps.platform.outbox.wakeups import wake

WAITS_FOR_A_PERSON = Q(dead=True) | Q(attempts=0)
"""Dead letters, and keys that wait for another release; the others are still tried."""


class Note(Protocol):
    """Writes a deed down in the open transaction, for whoever does it."""

    def __call__(
        self,
        *,
        action: str,
        subject_type: str,
        subject_id: str,
        reason: str,
        changes: Mapping[str, JsonValue],
    ) -> object:
        """Write it down."""


def retry_keys(*, ids: Collection[int], reason: str, note: Note) -> int:
    """Try keys again now; returns how many. Those that are parked no more are left out."""
    with transaction.atomic():
        parked = _lock(Q(id__in=ids))
        _write_down("outbox.retry", parked, reason, note)
        retried = retry_parked(ids=[one.id for one in parked])
        _wake(parked)
    return retried


def skip_events(*, ids: Collection[int], reason: str, note: Note) -> int:
    """Give up the event that blocks each key; returns how many. Keys still tried are left out."""
    with transaction.atomic():
        parked = _lock(Q(id__in=ids) & WAITS_FOR_A_PERSON)
        _write_down("outbox.skip_event", parked, reason, note)
        skipped = skip_head(ids=[one.id for one in parked])
        _wake(parked)
    return skipped


def _lock(chosen: Q) -> list[ParkedKey]:
    return list(ParkedKey.objects.filter(chosen).order_by("id").select_for_update())


def _write_down(action: str, parked: Collection[ParkedKey], reason: str, note: Note) -> None:
    for one in parked:
        note(
            action=action,
            subject_type="parked_event",
            subject_id=str(one.id),
            reason=reason,
            changes={
                "subscriber": one.subscriber,
                "key": str(one.key),
                "event_id": one.event_id,
                "attempts": one.attempts,
            },
        )


def _wake(parked: Collection[ParkedKey]) -> None:
    names = {one.subscriber for one in parked}
    transaction.on_commit(lambda: wake(names))
