"""How far the comparison with each provider has come, to look at."""

from datetime import timedelta
from typing import ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.payments.admin.differences import differences_table
from apps.payments.admin.settlements import lines_table
from apps.payments.domain.settlements import DifferenceState
from apps.payments.models import Reconciliation, SettlementDifference, SettlementLineRecord
from apps.platform.backoffice.admin import RECENT_DAYS, ReadOnlyAdmin
from apps.platform.backoffice.formatting import Tone, badge, link, moment
from apps.platform.backoffice.panels import Panel, TitledPanel

SHOWN = 25
_TONES = {"compared": Tone.SUCCESS, "not compared yet": Tone.INFO, "failed": Tone.DANGER}


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """The comparison of our ledger with one provider's report, made once a day; a row for each provider."""

    list_display = ("provider", "state", "ended", "read", "open_count", "problem")
    ordering: ClassVar = ["provider"]
    fieldsets = (
        (None, {"fields": ("provider", "state", "began", "ended", "read", "problem")}),
        ("What it found", {"fields": ("open_count", "open_link", "lines_link", "reports_link")}),
    )

    @admin.display(description="Last run")
    def state(self, reconciliation: Reconciliation) -> SafeString:
        """Show how the last run that ended did so."""
        if reconciliation.problem:
            return badge("failed", _TONES)
        return badge("compared" if reconciliation.ended_at else "not compared yet", _TONES)

    @admin.display(description="Last run began, or took in a page, at")
    def began(self, reconciliation: Reconciliation) -> SafeString:
        """Show when the last run gave a sign of life."""
        return moment(reconciliation.began_at)

    @admin.display(description="Compared at")
    def ended(self, reconciliation: Reconciliation) -> SafeString:
        """Show when a run came to its end last."""
        return moment(reconciliation.ended_at)

    @admin.display(description="Report read up to")
    def read(self, reconciliation: Reconciliation) -> SafeString:
        """Show the end of the last period that was compared to its end."""
        return moment(reconciliation.read_until)

    @admin.display(description="Open differences")
    def open_count(self, reconciliation: Reconciliation) -> str:
        """Show how much somebody has to look at."""
        return f"{getattr(reconciliation, 'open_differences', None) or 0:,}"

    @admin.display(description="Differences")
    def open_link(self, reconciliation: Reconciliation) -> SafeString:
        """Lead to the open ones of all providers: the list knows those of one for 90 days only."""
        page = reverse("admin:payments_settlementdifference_changelist")
        return link(f"{page}?{urlencode({'state': 'open'})}", "all that are open")

    @admin.display(description="Lines of its report")
    def lines_link(self, reconciliation: Reconciliation) -> SafeString:
        """Lead to what the provider settled."""
        page = reverse("admin:payments_settlementlinerecord_changelist")
        query = urlencode({"provider": reconciliation.provider})
        return link(f"{page}?{query}", "what was settled")

    @admin.display(description="Reports announced")
    def reports_link(self, reconciliation: Reconciliation) -> SafeString:
        """Lead to the messages that announce reports; not every provider sends any."""
        page = reverse("admin:payments_providermessagerecord_changelist")
        return link(f"{page}?{urlencode({'about': 'reports'})}", "messages about reports")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        """Count what is open along; an index holds that alone."""
        open_ones = (
            SettlementDifference.objects.filter(
                provider=OuterRef("provider"), state=DifferenceState.OPEN
            )
            .order_by()
            .values("provider")
            .annotate(count=Count("pk"))
        )
        found: QuerySet[Reconciliation] = super().get_queryset(request)
        return found.annotate(
            open_differences=Subquery(open_ones.values("count"), output_field=IntegerField())
        )

    def list_panels(self, request: HttpRequest, obj: Reconciliation) -> list[TitledPanel]:
        """Show the newest open differences, and the newest lines of the last 90 days."""
        open_ones = SettlementDifference.objects.filter(
            provider=obj.provider, state=DifferenceState.OPEN
        )
        differences = list(open_ones.order_by("-id")[:SHOWN])
        # No index knows whose a line is: the one over time bounds what is looked through.
        recent = SettlementLineRecord.objects.filter(
            provider=obj.provider, booked_at__gte=timezone.now() - timedelta(days=RECENT_DAYS)
        )
        lines = list(recent.order_by("-booked_at")[:SHOWN])
        return [
            TitledPanel(
                title="Open differences, the newest first",
                panel=Panel(
                    tables=(differences_table(differences),),
                    note="" if differences else "Nothing is open.",
                ),
            ),
            TitledPanel(
                title="Lines of its report, the newest first",
                panel=Panel(
                    tables=(lines_table(lines),),
                    note="" if lines else f"It reported nothing of the last {RECENT_DAYS} days.",
                ),
            ),
        ]
