"""What an operator may do with parked keys; every deed leaves an entry in the audit log."""

from collections.abc import Collection

from django.db import transaction
from django.http import HttpRequest

from apps.kernel.errors import JsonValue
from apps.platform.backoffice.deeds import record_deed
from apps.platform.outbox.models import ParkedKey
from apps.platform.outbox.parking import retry_parked, skip_head
from apps.platform.outbox.wakeups import wake


def retry_for_operator(request: HttpRequest, *, ids: Collection[int], reason: str) -> int:
    """Try keys again now; returns how many. Those that are parked no more are left out."""
    with transaction.atomic():
        parked = _lock(ids, dead_only=False)
        for one in parked:
            _record(request, "outbox.retry", one, reason)
        retried = retry_parked(ids=[one.id for one in parked])
        _wake(parked)
    return retried


def skip_for_operator(request: HttpRequest, *, ids: Collection[int], reason: str) -> int:
    """Give up the event that blocks each dead key; returns how many. Living keys are left out."""
    with transaction.atomic():
        parked = _lock(ids, dead_only=True)
        for one in parked:
            _record(request, "outbox.skip_event", one, reason)
        skipped = skip_head(ids=[one.id for one in parked])
        _wake(parked)
    return skipped


def _lock(ids: Collection[int], *, dead_only: bool) -> list[ParkedKey]:
    parked = ParkedKey.objects.filter(id__in=ids).order_by("id").select_for_update()
    return list(parked.filter(dead=True) if dead_only else parked)


def _record(request: HttpRequest, action: str, parked: ParkedKey, reason: str) -> None:
    changes: dict[str, JsonValue] = {
        "subscriber": parked.subscriber,
        "key": str(parked.key),
        "event_id": parked.event_id,
        "attempts": parked.attempts,
    }
    record_deed(
        request,
        action=action,
        subject_type="parked_event",
        subject_id=str(parked.id),
        reason=reason,
        changes=changes,
    )


def _wake(parked: Collection[ParkedKey]) -> None:
    names = {one.subscriber for one in parked}
    transaction.on_commit(lambda: wake(names))
