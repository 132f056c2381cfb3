"""Disputes, to look at: what to do about one is done in the provider's own books."""

from collections.abc import Iterable
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Dispute, Payment
from apps.platform.backoffice.admin import ReadOnlyAdmin, recent
from apps.platform.backoffice.formatting import Tone, badge, identifier, link, moment, money
from apps.platform.backoffice.panels import Table

TONES: dict[str, Tone] = {
    DisputeState.OPENED: Tone.WARNING,
    DisputeState.WON: Tone.SUCCESS,
    DisputeState.LOST: Tone.DANGER,
}


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """A charge that the customer's bank took back, or may."""

    list_display = ("opened", "state_shown", "amount", "reason", "payment_link", "decided")
    list_filter = (
        recent(field="state", title="state", choices=[one.value for one in DisputeState]),
    )
    list_filter_submit = True
    search_fields = ("=reference",)
    search_help_text = "The provider's id of the dispute, exactly"
    ordering: ClassVar = ["-id"]
    fields = (*list_display, "provider", "reference", "id")

    @admin.display(description="Opened at")
    def opened(self, dispute: Dispute) -> SafeString:
        """Show when we heard of it."""
        return moment(dispute.opened_at)

    @admin.display(description="Decided at")
    def decided(self, dispute: Dispute) -> SafeString:
        """Show when we heard how it ended."""
        return moment(dispute.decided_at)

    @admin.display(description="State")
    def state_shown(self, dispute: Dispute) -> SafeString:
        """Show where it stands."""
        return badge(dispute.state, TONES)

    @admin.display(description="Amount")
    def amount(self, dispute: Dispute) -> SafeString:
        """Show how much is disputed."""
        return money(dispute.amount_minor, dispute.currency_of(dispute.payment))

    @admin.display(description="Payment")
    def payment_link(self, dispute: Dispute) -> SafeString:
        """Lead to the payment."""
        page = reverse("admin:payments_payment_change", args=[dispute.payment_id])
        return link(page, dispute.payment.order_number)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        """Read the payments along."""
        found: QuerySet[Dispute] = super().get_queryset(request).select_related("payment")
        return found


def disputes_table(disputes: Iterable[Dispute], payment: Payment) -> Table:
    """List the disputes of a payment, the newest first."""
    return Table(
        headings=("Opened", "State", "Amount", "Reason", "Reference", "Decided"),
        numbers=frozenset({"Amount"}),
        rows=[
            (
                moment(one.opened_at),
                badge(one.state, TONES),
                money(one.amount_minor, one.currency_of(payment)),
                one.reason,
                identifier(one.reference),
                moment(one.decided_at),
            )
            for one in disputes
        ],
    )
