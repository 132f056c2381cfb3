"""Events that could not be handled, and the page that shows who is behind."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.platform.audit.deeds import record_deed
from apps.platform.backoffice.admin import ReadOnlyAdmin, page_action
from apps.platform.backoffice.asking import Question, ReasonForm, ask
from apps.platform.backoffice.formatting import badge, document, identifier, moment
from apps.platform.backoffice.panels import Panel, Table, TitledPanel
from apps.platform.outbox.admin.lanes import lanes_link, show_lane, show_lanes
from apps.platform.outbox.admin.log import show_event, show_log
from apps.platform.outbox.admin.panels import (
    PARKED_TONES,
    events_table,
    lag_bars,
    parked_table,
    state_of,
)
from apps.platform.outbox.deciding import retry_keys, skip_events
from apps.platform.outbox.lag import list_lags
from apps.platform.outbox.models import Delivery, ParkedKey, StoredEvent

MAY_DECIDE = "platform_outbox.change_parkedkey"
LIST_PAGE = "admin:platform_outbox_parkedkey_changelist"
WAITING_SHOWN = 25


@admin.register(ParkedKey)
class ParkedKeyAdmin(ReadOnlyAdmin):
    """A story that stands still for one subscriber because its next event fails."""

    list_display = ("subscriber", "state_shown", "key", "event_id", "attempts", "next_try", "error")
    list_filter = ("dead", "subscriber")
    search_fields = ("=key",)
    search_help_text = "Key, which is the id of an order, product or customer"
    ordering: Sequence[str] = ("-dead", "-id")
    fields = (
        *("subscriber", "state_shown", "key_shown", "event_id", "attempts"),
        *("parked", "next_try", "error"),
    )
    actions = ("retry_chosen", "skip_chosen")
    actions_detail = ("retry", "skip")

    @admin.display(description="State")
    def state_shown(self, parked: ParkedKey) -> SafeString:
        """Show whether it is still tried."""
        return badge(state_of(parked), PARKED_TONES)

    @admin.display(description="Key")
    def key_shown(self, parked: ParkedKey) -> SafeString:
        """Show whose story it is."""
        return identifier(parked.key)

    @admin.display(description="Parked at")
    def parked(self, parked: ParkedKey) -> SafeString:
        """Show when it failed first."""
        return moment(parked.parked_at)

    @admin.display(description="Next try")
    def next_try(self, parked: ParkedKey) -> SafeString:
        """Show when it is tried again; a dead one is not."""
        return moment(None if parked.dead else parked.next_at)

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may retry and skip."""
        return request.user.has_perm(MAY_DECIDE)

    def list_panels(self, request: HttpRequest, obj: ParkedKey) -> list[TitledPanel]:
        """Show the event that fails, and those that wait behind it."""
        event = StoredEvent.objects.filter(key=obj.key, event_id=obj.event_id).first()
        waiting = Delivery.objects.filter(key=obj.key, subscriber=obj.subscriber)
        ids = list(waiting.order_by("event_id").values_list("event_id", flat=True)[:WAITING_SHOWN])
        behind = StoredEvent.objects.filter(key=obj.key, event_id__in=ids).defer("payload")
        return [
            TitledPanel(
                title="The event that fails",
                panel=Panel(
                    tables=(events_table([event], {}),),
                    facts=(("What it says", document(event.payload)),),
                )
                if event
                else Panel(note="It is not stored any more."),
            ),
            TitledPanel(
                title="What waits for this subscriber, oldest first",
                panel=Panel(tables=(events_table(behind.order_by("event_id"), {}),)),
            ),
        ]

    @page_action(description="Retry…", permission="decide", icon="replay")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then try the key again."""
        return self._decide(request, self._one(request, object_id), "retry")

    @page_action(
        description="Skip the event…", permission="decide", icon="skip_next", is_dangerous=True
    )
    def skip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then give up the delivery that blocks the key."""
        return self._decide(request, self._one(request, object_id), "skip")

    @admin.action(description="Retry…", permissions=["decide"])
    def retry_chosen(self, request: HttpRequest, queryset: QuerySet[ParkedKey]) -> HttpResponse:
        """Ask why, then try the chosen keys again."""
        return self._decide(request, list(queryset), "retry", from_list="retry_chosen")

    @admin.action(description="Skip the blocking events…", permissions=["decide"])
    def skip_chosen(self, request: HttpRequest, queryset: QuerySet[ParkedKey]) -> HttpResponse:
        """Ask why, then give up the deliveries that block the chosen keys."""
        return self._decide(request, list(queryset), "skip", from_list="skip_chosen")

    def get_urls(self) -> list[URLPattern]:
        """Add the page of lags; and lanes and log, whose rows have a key of two columns and so no such page."""
        guard, site = self.admin_site.admin_view, self.admin_site
        return [
            path("lag/", guard(self.show_lags), name="platform_outbox_lag"),
            path("lanes/", guard(partial(show_lanes, site)), name="platform_outbox_lanes"),
            path(
                "lanes/<str:subscriber>/<int:lane>/",
                guard(partial(show_lane, site)),
                name="platform_outbox_lane",
            ),
            path("log/", guard(partial(show_log, site)), name="platform_outbox_log"),
            path(
                "log/<int:event_id>/",
                guard(partial(show_event, site)),
                name="platform_outbox_event",
            ),
            *super().get_urls(),
        ]

    def show_lags(self, request: HttpRequest) -> HttpResponse:
        """Show how far behind every subscriber is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        lags = list_lags()
        return TemplateResponse(
            request,
            "outbox/lag.html",
            {
                **self.admin_site.each_context(request),
                "title": "Event lag",
                "bars": lag_bars(lags),
                "table": Panel(tables=(_lag_table(lags),)),
                "now": moment(timezone.now()),
            },
        )

    def _one(self, request: HttpRequest, object_id: str) -> list[ParkedKey]:
        parked: ParkedKey | None = self.get_object(request, object_id)
        if parked is None:
            raise Http404
        return [parked]

    def _decide(
        self, request: HttpRequest, chosen: list[ParkedKey], deed: str, from_list: str = ""
    ) -> HttpResponse:
        back = reverse(LIST_PAGE)
        answered = request.method == "POST" and "reason" in request.POST
        form = ReasonForm(request.POST if answered else None)
        if not form.is_valid():
            return ask(request, self, question=_QUESTIONS[deed](chosen, back, from_list), form=form)
        decide = retry_keys if deed == "retry" else skip_events
        count = decide(
            ids=[one.id for one in chosen],
            reason=form.cleaned_data["reason"],
            note=partial(record_deed, request),
        )
        done = "tried again" if deed == "retry" else "given up"
        level = messages.SUCCESS if count == len(chosen) else messages.WARNING
        self.message_user(request, f"{count} of {len(chosen)} {done}.", level)
        return HttpResponseRedirect(back)


def _hidden(chosen: list[ParkedKey], from_list: str) -> dict[str, list[str]]:
    if not from_list:
        return {}
    return {"action": [from_list], ACTION_CHECKBOX_NAME: [str(one.id) for one in chosen]}


def _retry_question(chosen: list[ParkedKey], back: str, from_list: str) -> Question:
    return Question(
        title="Retry parked events",
        explanation="They are handled again at once, with a fresh count of attempts.",
        submit="Retry",
        back=back,
        panel=Panel(tables=(parked_table(chosen),)),
        hidden=_hidden(chosen, from_list),
    )


def _skip_question(chosen: list[ParkedKey], back: str, from_list: str) -> Question:
    return Question(
        title="Skip the blocking events",
        explanation=(
            "The subscriber will never hear the event that fails and goes on with the next one. "
            "What the event should have brought about has to be made good by hand. "
            "Only dead letters are skipped, and what waits for another release; "
            "this cannot be taken back."
        ),
        submit="Skip",
        back=back,
        is_dangerous=True,
        panel=Panel(tables=(parked_table(chosen),)),
        hidden=_hidden(chosen, from_list),
    )


_QUESTIONS: dict[str, Callable[[list[ParkedKey], str, str], Question]] = {
    "retry": _retry_question,
    "skip": _skip_question,
}


def _lag_table(lags: Sequence[Any]) -> Table:
    return Table(
        headings=("Subscriber", "Waiting", "Oldest, seconds", "Dead letters"),
        numbers=frozenset({"Waiting", "Oldest, seconds", "Dead letters"}),
        rows=[
            (
                lanes_link(lag.subscriber),
                f"{lag.waiting:,}",
                f"{lag.oldest_seconds:.1f}",
                f"{lag.dead:,}",
            )
            for lag in lags
        ],
    )
