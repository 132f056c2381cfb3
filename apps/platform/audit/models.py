"""The table of the audit log."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from apps.kernel.identifiers import new_id


class AuditLogIsFinal(Exception):
    """Somebody tried to change or delete what was written; that is a bug, not a refusal."""


class AuditEntries(models.QuerySet["AuditEntry"]):
    """Many entries; they can be read and added."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AuditLogIsFinal: always.
        """
        raise AuditLogIsFinal("Entries of the audit log are never changed.")

    def delete(self) -> NoReturn:
        """Refuse; retention deletes with SQL what the database lets go after a year.

        Raises:
            AuditLogIsFinal: always.
        """
        raise AuditLogIsFinal("Entries of the audit log are not deleted.")


class AuditEntry(models.Model):
    """One deed. Made by `recording.record`; never changed, and kept for at least a year."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict, blank=True)
    correlation_id = models.UUIDField(null=True, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)

    objects = AuditEntries.as_manager()

    class Meta:
        """Readable by what it is about, newest first."""

        db_table = "audit_entry"
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(
                fields=["subject_type", "subject_id", "at"], name="audit_entry_by_subject"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(actor="") & ~models.Q(action=""),
                name="audit_entry_names_actor_and_action",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id} by {self.actor}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new entry.

        Raises:
            AuditLogIsFinal: it was written already.
        """
        if not self._state.adding:
            raise AuditLogIsFinal("Entries of the audit log are never changed.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AuditLogIsFinal: always.
        """
        raise AuditLogIsFinal("Entries of the audit log are not deleted.")
