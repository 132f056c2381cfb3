"""Differences between what providers settled and our ledger, for finance to look into and to settle."""

from collections.abc import Iterable
from typing import ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.adapters.registry import GATEWAYS
from apps.payments.admin.searching import FoundByName
from apps.payments.domain.settlements import DifferenceKind, DifferenceState
from apps.payments.models import SettlementDifference
from apps.payments.services.settle_difference import settle_difference
from apps.platform.audit.deeds import cause_of, name_actors, record_deed
from apps.platform.backoffice.admin import page_action, recent
from apps.platform.backoffice.asking import Question, ReasonForm, ask
from apps.platform.backoffice.formatting import (
    NOTHING,
    Tone,
    badge,
    identifier,
    link,
    moment,
    money,
)
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.database_clock import database_now

TONES: dict[str, Tone] = {
    DifferenceState.OPEN: Tone.WARNING,
    DifferenceState.EXPLAINED: Tone.SUCCESS,
    DifferenceState.SETTLED: Tone.NEUTRAL,
}
MEANS: dict[str, str] = {
    DifferenceKind.UNKNOWN_PAYMENT: "The provider moved money and names no payment of ours.",
    DifferenceKind.UNKNOWN_MOVEMENT: "The provider moved money of this payment, the ledger did not.",
    DifferenceKind.AMOUNT_DIFFERS: "The provider moved another amount than the ledger.",
    DifferenceKind.SETTLED_TWICE: "The provider moved the money more than once.",
    DifferenceKind.MISSING: "The provider does not report what is in the ledger.",
    DifferenceKind.FEE: "The provider kept another fee than it said before, the same one again, or "
    "more than it may: under Ledger stands what was booked or may be at most.",
}


class _ByState(admin.SimpleListFilter):
    """All of a state; what is open is found by an index, however old."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Offer every state."""
        return [(one.value, one.value) for one in DifferenceState]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SettlementDifference]
    ) -> QuerySet[SettlementDifference]:
        """Keep those of the chosen one."""
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(SettlementDifference)
class SettlementDifferenceAdmin(FoundByName):
    """Something that report and ledger do not say alike."""

    list_display = ("found", "provider", "what", "state_shown", "expected", "told", "payment_link")
    list_display_links = ("found", "what")
    list_filter = (
        _ByState,
        recent(field="kind", title="what", choices=[one.value for one in DifferenceKind]),
        recent(field="provider", title="provider", choices=tuple(GATEWAYS)),
    )
    list_filter_submit = True
    search_fields = ("subject",)
    search_help_text = "What it is about, such as charge:ch_1, exactly"
    ordering: ClassVar = ["-id"]
    fieldsets = (
        (None, {"fields": ("provider", "what", "meaning", "state_shown", "expected", "told")}),
        ("About", {"fields": ("payment_link", "line_link", "subject")}),
        ("Record", {"fields": ("found", "closed", "who", "reason", "id")}),
    )
    actions_detail = ("settle",)

    @admin.display(description="Found at")
    def found(self, difference: SettlementDifference) -> SafeString:
        """Show when it was found."""
        return moment(difference.found_at)

    @admin.display(description="Closed at")
    def closed(self, difference: SettlementDifference) -> SafeString:
        """Show when it was closed."""
        return moment(difference.closed_at)

    @admin.display(description="Closed by")
    def who(self, difference: SettlementDifference) -> str:
        """Name who closed it."""
        return name_actors([difference.closed_by])[difference.closed_by]

    @admin.display(description="What")
    def what(self, difference: SettlementDifference) -> str:
        """Name what differs."""
        return difference.kind.replace("_", " ")

    @admin.display(description="Means")
    def meaning(self, difference: SettlementDifference) -> str:
        """Say what that means."""
        return MEANS[difference.kind]

    @admin.display(description="State")
    def state_shown(self, difference: SettlementDifference) -> SafeString:
        """Show where it stands."""
        return badge(difference.state, TONES)

    @admin.display(description="Ledger")
    def expected(self, difference: SettlementDifference) -> SafeString:
        """Show what the ledger says."""
        return _money(difference.expected_minor, difference.expected_currency)

    @admin.display(description="Report")
    def told(self, difference: SettlementDifference) -> SafeString:
        """Show what the provider says."""
        return _money(difference.found_minor, difference.found_currency)

    @admin.display(description="Payment")
    def payment_link(self, difference: SettlementDifference) -> SafeString:
        """Lead to the payment."""
        if difference.payment is None:
            return NOTHING
        page = reverse("admin:payments_payment_change", args=[difference.payment_id])
        return link(page, difference.payment.order_number)

    @admin.display(description="Line of the report")
    def line_link(self, difference: SettlementDifference) -> SafeString:
        """Lead to the line."""
        if difference.line is None:
            return NOTHING
        page = reverse("admin:payments_settlementlinerecord_change", args=[difference.line_id])
        return link(page, difference.line.line_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SettlementDifference]:
        """Read payments and lines along."""
        found: QuerySet[SettlementDifference] = super().get_queryset(request)
        return found.select_related("payment", "line")

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may say why a difference may stay."""
        return request.user.has_perm("payments.settle_settlementdifference")

    @page_action(description="Settle…", permission="settle", icon="handshake")
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why it may stay, and close it."""
        difference: SettlementDifference | None = self.get_object(request, object_id)
        if difference is None:
            raise Http404
        if not self.has_view_permission(request, difference):
            raise PermissionDenied
        back = reverse("admin:payments_settlementdifference_change", args=[difference.id])
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            return ask(request, self, question=_question(difference, back), form=form)
        if _settle(request, difference, form.cleaned_data["reason"]):
            self.message_user(request, "It is settled.")
        else:
            self.message_user(request, "It was closed before.", messages.WARNING)
        return HttpResponseRedirect(back)


def differences_table(differences: Iterable[SettlementDifference]) -> Table:
    """List the differences of a payment, the newest first."""
    return Table(
        headings=("Found", "What", "State", "Ledger", "Report", "About", "Reason"),
        numbers=frozenset({"Ledger", "Report"}),
        rows=[
            (
                moment(one.found_at),
                link(
                    reverse("admin:payments_settlementdifference_change", args=[one.id]),
                    one.kind.replace("_", " "),
                ),
                badge(one.state, TONES),
                _money(one.expected_minor, one.expected_currency),
                _money(one.found_minor, one.found_currency),
                identifier(one.subject),
                one.reason,
            )
            for one in differences
        ],
    )


def _settle(request: HttpRequest, difference: SettlementDifference, reason: str) -> bool:
    with transaction.atomic():
        settled = settle_difference(
            difference_id=difference.id, reason=reason, cause=cause_of(request), now=database_now()
        )
        if settled:
            record_deed(
                request,
                action="payments.settle_difference",
                subject_type="settlement_difference",
                subject_id=difference.id,
                reason=reason,
                changes={"state": [difference.state, settled.state]},
            )
    return settled is not None


def _question(difference: SettlementDifference, back: str) -> Question:
    return Question(
        title=f"Settle a difference with {difference.provider}",
        explanation=(
            "It is closed in your name and does not count as open any more. Neither the ledger nor the "
            "provider's books change: set right there first what is wrong there. If it becomes another "
            "difference later, it opens again."
        ),
        submit="Settle it",
        back=back,
        panel=Panel(
            facts=[
                ("What", MEANS[difference.kind]),
                ("About", identifier(difference.subject)),
                ("Ledger", _money(difference.expected_minor, difference.expected_currency)),
                ("Report", _money(difference.found_minor, difference.found_currency)),
            ]
        ),
    )


def _money(minor: int | None, currency: str) -> SafeString:
    return NOTHING if minor is None else money(minor, currency)
