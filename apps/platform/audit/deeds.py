"""Who does something here, and the entry in the audit log that tells of it."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.kernel.cause import Cause
from apps.kernel.errors import JsonValue
from apps.platform.audit.models import AuditEntry
from apps.platform.audit.recording import record
from apps.platform.backoffice.formatting import link, moment
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.cards.numbers import contains_card_data
from apps.platform.telemetry.card_masking import CARD
from apps.platform.telemetry.request_ids import identity_of
from apps.platform.web.traces import trace_context_of

AGENT = "agent:"
LONGEST_USERNAME = 150


def actor_of(request: HttpRequest) -> str:
    """Name the person at the door without their name, such as `agent:7`."""
    return f"{AGENT}{request.user.pk}"


def cause_of(request: HttpRequest) -> Cause:
    """Say who and what leads to the changes of this request."""
    identity = identity_of(request)
    return Cause(
        correlation_id=identity.correlation_id,
        causation_id=f"request:{identity.request_id}",
        actor=actor_of(request),
        region=settings.OMS_REGION,
        trace_context=trace_context_of(request),
    )


def record_deed(
    request: HttpRequest,
    *,
    action: str,
    subject_type: str,
    subject_id: UUID | str,
    reason: str = "",
    changes: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write down what the person did, in the transaction that does it; twice, where called twice.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    record(
        actor=actor_of(request),
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        now=timezone.now(),
        reason=reason,
        changes=changes,
        correlation_id=identity_of(request).correlation_id,
        ip=request.META.get("REMOTE_ADDR") or None,
    )


def username_tried(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Give the user name of a login as it fits into the record of attempts, which is not endless.

    Card data in it becomes `[card]`: some type what they want to pay with.
    """
    given = str((credentials or {}).get("username") or request.POST.get("username", ""))
    if contains_card_data(given.encode("utf-8", "replace")):
        return CARD
    return given[:LONGEST_USERNAME].replace("\0", "")


def name_actors(actors: Iterable[str]) -> dict[str, str]:
    """Give what to call each actor on a page: agents by their user name, in one query."""
    names = {actor: actor for actor in actors}
    ids = [actor.removeprefix(AGENT) for actor in names if actor.startswith(AGENT)]
    known = get_user_model().objects.filter(pk__in=[one for one in ids if one.isdecimal()])
    for pk, name in known.values_list("pk", get_user_model().USERNAME_FIELD) if ids else ():
        names[f"{AGENT}{pk}"] = f"{name} ({AGENT}{pk})"
    return names


def deeds_panel(subjects: Mapping[str, Iterable[UUID | str | int]]) -> Panel:
    """List what people did by hand to some things, given by kind and ids, the oldest first.

    Two queries, however many there are.
    """
    about = Q(pk__in=())
    for kind, ids in subjects.items():
        about |= Q(subject_type=kind, subject_id__in=[str(one) for one in ids])
    entries = list(AuditEntry.objects.filter(about).order_by("at"))
    names = name_actors(entry.actor for entry in entries)
    table = Table(
        headings=("When", "Who", "Action", "Reason"),
        rows=[
            (
                moment(entry.at),
                names[entry.actor],
                link(
                    reverse("admin:platform_audit_auditentry_change", args=[entry.id]), entry.action
                ),
                entry.reason,
            )
            for entry in entries
        ],
    )
    return Panel(
        tables=(table,) if entries else (), note="" if entries else "Nobody did anything by hand."
    )
