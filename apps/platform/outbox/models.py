"""The tables of the event bus. They are written set-wise with SQL; the models serve admin and tests."""

from django.db import models
from django.utils import timezone

LANES = 8
"""How many lanes a subscriber has; a key always falls into the same one."""


class StoredEvent(models.Model):
    """One published fact; immutable, partitioned by day."""

    pk = models.CompositePrimaryKey("occurred_at", "event_id")
    occurred_at = models.DateTimeField(default=timezone.now)
    event_id = models.BigIntegerField()
    aggregate_type = models.TextField()
    aggregate_id = models.UUIDField()
    seq = models.IntegerField()
    key = models.UUIDField()
    type = models.TextField()
    version = models.SmallIntegerField()
    payload = models.JSONField()
    correlation_id = models.UUIDField()
    causation_id = models.TextField()
    actor = models.TextField()
    region = models.TextField()
    trace_context = models.TextField()

    class Meta:
        db_table = "outbox_event"
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.event_id} {self.type}"


class Delivery(models.Model):
    """One event that one subscriber has still to handle; deleted with the effects."""

    pk = models.CompositePrimaryKey("subscriber", "lane", "event_id")
    subscriber = models.TextField()
    lane = models.SmallIntegerField()
    event_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    key = models.UUIDField()

    class Meta:
        db_table = "outbox_delivery"
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.subscriber}"


class Lane(models.Model):
    """The crash count of one lane, raised before its work and cleared after it."""

    pk = models.CompositePrimaryKey("subscriber", "lane")
    subscriber = models.TextField()
    lane = models.SmallIntegerField()
    crashes = models.IntegerField(default=0)
    probe_event_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "outbox_lane"

    def __str__(self) -> str:
        return f"{self.subscriber}/{self.lane}"


class ParkedKey(models.Model):
    """A key that waits for another attempt, or, once dead, for a person."""

    id = models.BigAutoField(primary_key=True)
    subscriber = models.TextField()
    key = models.UUIDField()
    event_id = models.BigIntegerField()
    attempts = models.IntegerField()
    next_at = models.DateTimeField()
    dead = models.BooleanField(default=False)
    error = models.TextField()
    parked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "outbox_parked"
        verbose_name = "parked event"
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "key"], name="a_key_is_parked_once_per_subscriber"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} {self.key}"
