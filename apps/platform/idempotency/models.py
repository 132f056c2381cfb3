"""The table of answers given; written with one SQL statement, see `answering`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class IdempotencyRecord(models.Model):
    """What one client was answered to one key.

    Attributes:
        client: who sent it, such as `customer:…` or `service:…`; each has keys of its own.
        key: the `Idempotency-Key` header.
        fingerprint: SHA-256 of the request, to tell a repetition from another request.
        status: the HTTP status of the answer.
        headers: the answer's headers apart from its content type.
        body: the answer, byte for byte.
        expires_at: from then on the key is as good as new.

    """

    pk = models.CompositePrimaryKey("client", "key")
    client = models.TextField()
    key = models.TextField()
    fingerprint = models.BinaryField()
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "idempotency_record"
        verbose_name = "idempotency record"
        indexes = (models.Index(fields=["expires_at"], name="idempotency_record_expiry"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(status__gte=200, status__lt=400), name="only_acceptances_are_remembered"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="memory_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return f"{self.client} {self.key}"
