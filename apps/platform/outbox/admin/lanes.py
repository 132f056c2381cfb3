"""The lanes of the event bus, to look at: what waits in each, and whether a worker is at it."""

from collections.abc import Sequence

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.platform.backoffice.formatting import Tone, badge, link, moment
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.outbox.admin.log import log_table
from apps.platform.outbox.lane_states import COUNTED, LaneState, list_lanes
from apps.platform.outbox.models import Delivery, StoredEvent

MAY_LOOK = "platform_outbox.view_lane"
SHOWN = 25
_TONES = {
    "worked on": Tone.INFO,
    "waiting": Tone.WARNING,
    "its worker died": Tone.WARNING,
    "probed": Tone.DANGER,
    "empty": Tone.SUCCESS,
}


def show_lanes(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show every lane, or with `subscriber` the lanes of one; a name that nobody has finds none.

    Raises PermissionDenied to whoever may not see lanes.
    """
    _insist_on_permission(request)
    lanes = list_lanes(request.GET.get("subscriber", "").strip())
    panel = Panel(tables=(_table(lanes),), note="" if lanes else "There is no such lane.")
    return _page(site, request, "Lanes", panel)


def show_lane(site: AdminSite, request: HttpRequest, subscriber: str, lane: int) -> HttpResponse:
    """Show one lane, with the events that wait in it, the oldest first."""
    _insist_on_permission(request)
    state = next((one for one in list_lanes(subscriber) if one.lane == lane), None)
    if state is None:
        raise Http404
    waiting = Delivery.objects.filter(subscriber=subscriber, lane=lane).order_by("event_id")
    keys = list(waiting.values_list("occurred_at", "event_id")[:SHOWN])
    # The time leads to the partition, and only there is the event looked for.
    events = StoredEvent.objects.filter(pk__in=keys).defer("payload").order_by("event_id")
    panel = Panel(
        facts=(
            ("Subscriber", lanes_link(state.subscriber)),
            ("Lane", str(state.lane)),
            ("State", badge(state.standing, _TONES)),
            ("Waiting, parked ones too", _count(state)),
            ("Oldest of these", moment(state.oldest_at)),
            ("Batches begun and not ended, in a row", str(state.crashes)),
            ("Event suspected of that", str(state.probe_event_id or "")),
        ),
        tables=(log_table(list(events)),),
        note="" if keys else "Nothing waits here.",
    )
    return _page(site, request, f"Lane {state.lane} of {state.subscriber}", panel)


def lanes_link(subscriber: str) -> SafeString:
    """Lead to the lanes of a subscriber."""
    page = reverse("admin:platform_outbox_lanes")
    return link(f"{page}?{urlencode({'subscriber': subscriber})}", subscriber)


def _insist_on_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_LOOK):
        raise PermissionDenied


def _page(site: AdminSite, request: HttpRequest, title: str, panel: Panel) -> HttpResponse:
    context = {**site.each_context(request), "title": title, "panel": panel}
    return TemplateResponse(request, "backoffice/panel_page.html", context)


def _table(lanes: Sequence[LaneState]) -> Table:
    return Table(
        headings=("Lane", "State", "Waiting", "Oldest of these", "Crashes"),
        numbers=frozenset({"Waiting", "Crashes"}),
        rows=[
            (
                link(
                    reverse("admin:platform_outbox_lane", args=[one.subscriber, one.lane]),
                    f"{one.subscriber} {one.lane}",
                ),
                badge(one.standing, _TONES),
                _count(one),
                moment(one.oldest_at),
                str(one.crashes),
            )
            for one in lanes
        ],
    )


def _count(state: LaneState) -> str:
    return f"{COUNTED} or more" if state.waiting == COUNTED else str(state.waiting)
