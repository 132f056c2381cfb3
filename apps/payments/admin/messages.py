"""What providers told us by themselves, and the sandbox's own book."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.admin.searching import FoundByName
from apps.payments.models import (
    ANNOUNCES_REPORT,
    CANNOT_BE_HANDLED,
    UNMATCHED,
    ProviderMessageRecord,
    SandboxApproval,
)
from apps.payments.services.give_up_message import give_up_message
from apps.platform.audit.deeds import record_deed
from apps.platform.backoffice.admin import ReadOnlyAdmin, page_action
from apps.platform.backoffice.asking import Question, ReasonForm, ask
from apps.platform.backoffice.formatting import Tone, badge, identifier, moment
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.database_clock import database_now

_TONES = {
    "handled": Tone.SUCCESS,
    "waiting": Tone.INFO,
    "tried again": Tone.WARNING,
    "cannot be handled": Tone.DANGER,
    "given up": Tone.NEUTRAL,
    "unmatched": Tone.WARNING,
}


class _ByConcern(admin.SimpleListFilter):
    """Those that announce a report, that fail, or that found no payment; an index finds each."""

    title, parameter_name = "what it is about", "about"
    choices_of: ClassVar = {
        "reports": ("a report", ANNOUNCES_REPORT),
        "failing": ("cannot be handled", CANNOT_BE_HANDLED),
        "unmatched": ("unmatched", UNMATCHED),
    }

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Offer them."""
        return [(name, title) for name, (title, _) in self.choices_of.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ProviderMessageRecord]
    ) -> QuerySet[ProviderMessageRecord]:
        """Keep those."""
        chosen = self.choices_of.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen[1])


@admin.register(ProviderMessageRecord)
class ProviderMessageAdmin(FoundByName):
    """A webhook, stored before it was answered."""

    list_display = ("received", "provider", "kind", "name", "outcome", "attempts")
    list_filter = (_ByConcern,)
    search_fields = ("reference",)
    search_help_text = "The provider's id of the payment, exactly"
    ordering: Sequence[str] = ("-id",)
    fields = (
        *("provider", "kind", "outcome", "reference", "event_id", "payment_id"),
        *("received", "handled", "next_try", "attempts", "failure", "given_up"),
    )
    actions_detail = ("give_up",)

    @admin.display(description="Received at")
    def received(self, message: ProviderMessageRecord) -> SafeString:
        """Show when it came in."""
        return moment(message.received_at)

    @admin.display(description="Provider's id")
    def name(self, message: ProviderMessageRecord) -> SafeString:
        """Show what the provider calls what it is about; a report goes by the name of its message."""
        return identifier(message.event_id if message.announces_report else message.reference)

    @admin.display(description="Outcome")
    def outcome(self, message: ProviderMessageRecord) -> SafeString:
        """Show whether it was taken in."""
        return badge(outcome_of(message), _TONES)

    @admin.display(description="Handled at")
    def handled(self, message: ProviderMessageRecord) -> SafeString:
        """Show when it was taken in."""
        return moment(message.handled_at)

    @admin.display(description="Next try")
    def next_try(self, message: ProviderMessageRecord) -> SafeString:
        """Show when it is due; nothing once it was taken in."""
        return moment(None if message.handled_at else message.next_at)

    @admin.display(description="Given up at")
    def given_up(self, message: ProviderMessageRecord) -> SafeString:
        """Show when somebody said that nothing more is to be tried; the audit log has who, and why."""
        return moment(message.given_up_at)

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may say that nothing more is to be tried."""
        return request.user.has_perm("payments.settle_providermessagerecord")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer it only where something is still tried: a report is asked for, or the handling fails."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        message: ProviderMessageRecord | None = self.get_object(request, str(object_id))
        if message is None or message.given_up_at:
            return []
        if not (message.announces_report or message.cannot_be_handled):
            return []
        return offered

    @page_action(description="Give it up…", permission="settle", icon="close", is_dangerous=True)
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and have nothing more tried with the message."""
        message: ProviderMessageRecord | None = self.get_object(request, object_id)
        if message is None:
            raise Http404
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        back = reverse("admin:payments_providermessagerecord_change", args=[message.id])
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            return ask(request, self, question=_question(message, back), form=form)
        if _give_up(request, message, form.cleaned_data["reason"]):
            self.message_user(request, "The message was given up.")
        else:
            self.message_user(request, "There is nothing to give up.", messages.WARNING)
        return HttpResponseRedirect(back)


@admin.register(SandboxApproval)
class SandboxApprovalAdmin(ReadOnlyAdmin):
    """What somebody decided on the sandbox's approval page."""

    list_display = ("reference", "approved", "decided")
    search_fields = ("=reference",)
    fields = ("reference", "approved", "decided")

    @admin.display(description="Decided at")
    def decided(self, approval: SandboxApproval) -> SafeString:
        """Show when it was decided."""
        return moment(approval.decided_at)


def outcome_of(message: ProviderMessageRecord) -> str:
    """Say in words where a message stands."""
    if message.given_up_at:
        return "given up"
    if message.is_unmatched:
        return "unmatched"
    if message.handled_at:
        return "handled"
    if message.cannot_be_handled:
        return "cannot be handled"
    return "tried again" if message.attempts else "waiting"


def messages_table(heard: Iterable[ProviderMessageRecord]) -> Table:
    """List messages, the oldest first."""
    return Table(
        headings=("Received", "Kind", "Outcome", "Attempts", "Provider's id"),
        numbers=frozenset({"Attempts"}),
        rows=[
            (
                moment(one.received_at),
                one.kind,
                badge(outcome_of(one), _TONES),
                str(one.attempts),
                identifier(one.event_id),
            )
            for one in heard
        ],
    )


def _give_up(request: HttpRequest, message: ProviderMessageRecord, reason: str) -> bool:
    with transaction.atomic():
        given_up = give_up_message(message_id=message.id, now=database_now())
        if given_up:
            record_deed(
                request,
                action="payments.give_up_message",
                subject_type="provider_message",
                subject_id=str(message.id),
                reason=reason,
                changes={"message": ["", message.event_id]},
            )
    return given_up is not None


def _question(message: ProviderMessageRecord, back: str) -> Question:
    if message.announces_report:
        title = f"This report of {message.provider} will not come"
        explanation = (
            "It is not asked for any more, and the comparison goes on without it. Charges and refunds "
            "that it would have told of show up as missing, until it is read from a file. That cannot "
            "be taken back; say whom you have asked, or that it was read from a file."
        )
    else:
        title = f"This message of {message.provider} cannot be handled"
        explanation = (
            "It is not tried any more, and from now on nothing of what it tells becomes part of the "
            "payment, by a look-up either. That cannot be taken back; say what was done instead."
        )
    return Question(
        title=title,
        explanation=explanation,
        submit="Give it up",
        back=back,
        is_dangerous=True,
        panel=Panel(
            facts=[
                ("Message", identifier(message.event_id)),
                ("Received at", moment(message.received_at)),
            ]
        ),
    )
