"""The log of published facts, to look through: the newest, those of one story, and what one says."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.kernel.events import CATALOGUE
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.addresses import read_instant
from apps.platform.backoffice.formatting import document, identifier, link, moment
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.outbox.models import Delivery, StoredEvent

MAY_LOOK = "platform_outbox.view_storedevent"
SHOWN = 50
A_WEEK = timedelta(days=7)
_ID = re.compile(r"[0-9]{1,18}")
_FIRST_YEAR = 2000
"""Nothing was published before, and a week before the year 1 is no time at all."""


def show_log(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the newest facts, or with `key`, `type` and `before` those that fit.

    A key that is none finds nothing. Raises PermissionDenied to whoever may not see facts.
    """
    _insist_on_permission(request)
    key, kind, before = (request.GET.get(name, "").strip() for name in ("key", "type", "before"))
    place = _read_place(before)
    # No index knows the kinds: of one alone, a week is looked through at a time.
    since = None if key or not kind else (place[0] if place else timezone.now()) - A_WEEK
    events = _list_events(key, kind, place, since)
    older = ""
    if len(events) > SHOWN:
        older = _place_of(events[SHOWN - 1])
    elif since and StoredEvent.objects.filter(occurred_at__lt=since).exists():
        older = f"{since.isoformat()} 0"
    return TemplateResponse(
        request,
        "outbox/log.html",
        {
            **site.each_context(request),
            "title": "Event log",
            "key": key,
            "type": kind,
            "types": sorted(CATALOGUE),
            "older": older and urlencode({"key": key, "type": kind, "before": older}),
            "panel": Panel(
                tables=(log_table(events[:SHOWN]),) if events else (),
                note="" if events else f"No event fits{' within that week' if since else ''}.",
            ),
        },
    )


def show_event(site: AdminSite, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show one fact with what it says; `at` is when it was published, which names its partition."""
    _insist_on_permission(request)
    at = read_instant(request.GET.get("at", ""))
    event = at and StoredEvent.objects.filter(occurred_at=at, event_id=event_id).first()
    if not event:
        raise Http404
    waiting = Delivery.objects.filter(key=event.key, event_id=event_id).order_by("subscriber")
    return TemplateResponse(
        request,
        "backoffice/panel_page.html",
        {
            **site.each_context(request),
            "title": f"{event.type} {event.event_id}",
            "panel": Panel(
                facts=(
                    ("When", moment(event.occurred_at)),
                    ("Event", f"{event.type}, version {event.version}"),
                    ("Story", _story(event)),
                    ("About", f"{event.aggregate_type} {event.aggregate_id}"),
                    ("Number within that", str(event.seq)),
                    ("By", name_actors([event.actor])[event.actor]),
                    ("Because of", event.causation_id or "a request"),
                    ("Correlation", identifier(event.correlation_id)),
                    ("Still to hear it", ", ".join(one.subscriber for one in waiting) or "nobody"),
                    ("What it says", document(event.payload)),
                )
            ),
        },
    )


def _insist_on_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_LOOK):
        raise PermissionDenied


def _list_events(
    key: str, kind: str, place: tuple[datetime, int] | None, since: datetime | None
) -> Sequence[StoredEvent]:
    """Find one more than is shown, the newest first."""
    events = StoredEvent.objects.order_by("-occurred_at", "-event_id").defer("payload")
    if key:
        try:
            events = events.filter(key=UUID(key))
        except ValueError:
            return []
    if kind:
        events = events.filter(type=kind)
    if place:
        # Facts of one transaction have one time. The plain bound leaves younger partitions alone.
        events = events.filter(occurred_at__lte=place[0], pk__lt=place)
    if since:
        events = events.filter(occurred_at__gte=since)
    return list(events[: SHOWN + 1])


def _read_place(before: str) -> tuple[datetime, int] | None:
    at, _, event_id = before.partition(" ")
    instant = read_instant(at)
    if instant is None or instant.year < _FIRST_YEAR or not _ID.fullmatch(event_id):
        return None
    return instant, int(event_id)


def _place_of(event: StoredEvent) -> str:
    return f"{event.occurred_at.isoformat()} {event.event_id}"


def log_table(events: Sequence[StoredEvent]) -> Table:
    """List facts in the order that they are given in, each with the way to its page and its story."""
    names = name_actors(event.actor for event in events)
    return Table(
        headings=("When", "Event", "No.", "Story", "By"),
        numbers=frozenset({"No."}),
        rows=[
            (
                moment(event.occurred_at),
                link(_page_of(event), event.type),
                str(event.seq),
                _story(event),
                names[event.actor],
            )
            for event in events
        ],
    )


def _story(event: StoredEvent) -> SafeString:
    page = reverse("admin:platform_outbox_log")
    return link(f"{page}?{urlencode({'key': str(event.key)})}", str(event.key))


def _page_of(event: StoredEvent) -> str:
    page = reverse("admin:platform_outbox_event", args=[event.event_id])
    return f"{page}?{urlencode({'at': event.occurred_at.isoformat()})}"
