"""What providers told us by themselves, and the sandbox's own book."""

from collections.abc import Iterable, Sequence

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.payments.admin.searching import FoundByName
from apps.payments.models import ProviderMessageRecord, SandboxApproval
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import Tone, badge, identifier, moment
from apps.platform.backoffice.panels import Table

_TONES = {"handled": Tone.SUCCESS, "waiting": Tone.INFO, "tried again": Tone.WARNING}


@admin.register(ProviderMessageRecord)
class ProviderMessageAdmin(FoundByName):
    """A webhook, stored before it was answered."""

    list_display = ("received", "provider", "kind", "reference", "outcome", "attempts")
    search_fields = ("reference",)
    search_help_text = "The provider's id of the payment, exactly"
    ordering: Sequence[str] = ("-id",)
    fields = (
        *("provider", "kind", "outcome", "reference", "event_id", "payment_id"),
        *("received", "handled", "next_try", "attempts"),
    )

    @admin.display(description="Received at")
    def received(self, message: ProviderMessageRecord) -> SafeString:
        """Show when it came in."""
        return moment(message.received_at)

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
    if message.handled_at:
        return "handled"
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
