"""Write entries of the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import JsonValue
from apps.kernel.identifiers import new_id
from apps.platform.audit.models import AuditEntry
from apps.platform.telemetry.masking import masked, masked_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """Something that was done and has to be known later.

    Attributes:
        actor: who did it, such as `agent:…` or `system:…`; never a name or an email address.
        action: what, as `context.deed`, such as `payments.refund`.
        subject_type: the kind of thing it was done to, such as `order`.
        subject_id: which one.
        reason: why, in the words of whoever did it.
        changes: what became of it, such as `{"status": ["confirmed", "cancelled"]}`.
        correlation_id: of the request or run that led to it.
        ip: where a person's request came from.
    """

    actor: str
    action: str
    subject_type: str
    subject_id: UUID | str
    reason: str = ""
    changes: Mapping[str, JsonValue] = field(default_factory=dict)
    correlation_id: UUID | None = None
    ip: str | None = None


def record(
    *,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: UUID | str,
    now: datetime,
    reason: str = "",
    changes: Mapping[str, JsonValue] | None = None,
    correlation_id: UUID | None = None,
    ip: str | None = None,
) -> AuditEntry:
    """Write down one deed in the caller's transaction; see `Deed` for the fields.

    Called twice it writes twice. Card numbers, credentials and email addresses in `reason` and
    `changes` are masked: what is written here stays for a year.

    Raises:
        TransactionManagementError: no transaction is open, so deed and entry could part.
    """
    deed = Deed(
        actor=actor,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        reason=reason,
        changes=changes or {},
        correlation_id=correlation_id,
        ip=ip,
    )
    (entry,) = record_all([deed], now=now)
    return entry


def record_all(deeds: Iterable[Deed], *, now: datetime) -> list[AuditEntry]:
    """Write down many deeds with one statement; otherwise as `record`.

    Raises:
        TransactionManagementError: no transaction is open, so deed and entry could part.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "An entry of the audit log belongs into the transaction of what it tells of."
        )
    return AuditEntry.objects.bulk_create([_entry(deed, now) for deed in deeds])


def _entry(deed: Deed, now: datetime) -> AuditEntry:
    return AuditEntry(
        id=new_id(now),
        at=now,
        actor=deed.actor,
        action=deed.action,
        subject_type=deed.subject_type,
        subject_id=str(deed.subject_id),
        reason=masked_text(deed.reason),
        changes=masked(deed.changes),
        correlation_id=deed.correlation_id,
        ip=deed.ip,
    )
