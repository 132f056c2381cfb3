"""The shape of a history: what became of something that has a status, step by step."""

from datetime import datetime
from typing import Any

from django.db import models

from apps.kernel.cause import Cause


class Step(models.Model):
    """One row of a history: a change of status, or something that happened while it stayed.

    A subclass adds the key of what it is the history of; `position` counts from 1 for each.
    """

    position = models.SmallIntegerField()
    at = models.DateTimeField()
    from_status = models.CharField(max_length=32)
    to_status = models.CharField(max_length=32)
    what = models.TextField()
    actor = models.TextField()
    causation_id = models.TextField()
    correlation_id = models.UUIDField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.position} {self.what}"


def step_values(
    *, before: str, after: str, what: str, cause: Cause, at: datetime
) -> dict[str, Any]:
    """Give what a row of any history says, but for its key and position."""
    return {
        "at": at,
        "from_status": before,
        "to_status": after,
        "what": what,
        "actor": cause.actor,
        "causation_id": cause.causation_id or "",
        "correlation_id": cause.correlation_id,
    }
