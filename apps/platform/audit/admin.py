"""The audit log, to read, and what it adds to the page of an order."""

from collections.abc import Sequence

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.kernel.identifiers import OrderId
from apps.platform.audit.deeds import AGENT, deeds_panel
from apps.platform.audit.models import AuditEntry
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin
from apps.platform.backoffice.formatting import document, identifier, moment
from apps.platform.backoffice.panels import Panel, order_panel


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """One deed; final once it is written."""

    list_display = ("done_at", "who", "action", "subject", "reason")
    list_filter = (("at", MadeBetween),)
    list_filter_submit = True
    search_fields = ("subject_id",)
    search_help_text = "Id of what it was done to, action or actor, exactly"
    ordering: Sequence[str] = ("-id",)
    fieldsets = (
        (None, {"fields": ("done_at", "who", "action", "subject", "reason")}),
        ("What became of it", {"fields": ("changes_shown",)}),
        ("Record", {"fields": ("id", "correlation_id", "ip")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Fetch the user names of agents along; the log itself holds none."""
        users = get_user_model().objects.annotate(
            tag=Concat(Value(AGENT), Cast("pk", CharField()), output_field=CharField())
        )
        named = users.filter(tag=OuterRef("actor")).values(get_user_model().USERNAME_FIELD)[:1]
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(user_name=Subquery(named))

    @admin.display(description="When")
    def done_at(self, entry: AuditEntry) -> SafeString:
        """Show when it was done."""
        return moment(entry.at)

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        """Name the agent, or the part of the system."""
        name = getattr(entry, "user_name", None)
        return f"{name} ({entry.actor})" if name else entry.actor

    @admin.display(description="To what")
    def subject(self, entry: AuditEntry) -> SafeString:
        """Show the kind and the id of what it was done to."""
        return identifier(f"{entry.subject_type} {entry.subject_id}")

    @admin.display(description="Changes")
    def changes_shown(self, entry: AuditEntry) -> SafeString:
        """Show what changed."""
        return document(entry.changes)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Find what was done to one thing, of one kind, or by one actor."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(subject_id=term) | Q(action=term) | Q(actor=term)), False


@order_panel("Done by hand", position=30, permission="platform_audit.view_auditentry")
def show_deeds(order_id: OrderId) -> Panel:
    """List what people did to an order by hand."""
    return deeds_panel({"order": [order_id]})
