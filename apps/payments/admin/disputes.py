"""Disputes, to look at, and to say how one ended: what to do about it is done in the provider's books."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.kernel.identifiers import PaymentId, read_id
from apps.payments.admin.deciding import NOT_DECIDED, TAKEN_OVER, decide_for_agent, decide_question
from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Dispute, Payment
from apps.platform.backoffice.admin import ReadOnlyAdmin, page_action, recent
from apps.platform.backoffice.asking import ReasonForm, ask
from apps.platform.backoffice.formatting import Tone, badge, link, moment, money
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
    fields = (*list_display, "said_by", "provider", "reference", "id")
    actions_detail = ("decide_as_lost", "decide_as_won")

    @admin.display(description="Opened at")
    def opened(self, dispute: Dispute) -> SafeString:
        """Show when we heard of it."""
        return moment(dispute.opened_at)

    @admin.display(description="Decided at")
    def decided(self, dispute: Dispute) -> SafeString:
        """Show when we heard how it ended."""
        return moment(dispute.decided_at)

    @admin.display(description="Told by")
    def said_by(self, dispute: Dispute) -> str:
        """Say whose word it is how it stands."""
        return "a person, see the payment's history" if dispute.is_by_hand else "the provider"

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

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may say how a dispute ended."""
        return request.user.has_perm("payments.settle_dispute")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to say how it ended while that is open."""
        dispute: Dispute | None = self.get_object(request, str(object_id))
        if dispute is None or dispute.state != DisputeState.OPENED:
            return []
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered

    @page_action(description="It was lost…", permission="settle", icon="close", is_dangerous=True)
    def decide_as_lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how the person knows, then leave the money with the customer."""
        return self._decide(request, object_id, is_won=False)

    @page_action(description="It was won…", permission="settle", icon="check", is_dangerous=True)
    def decide_as_won(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how the person knows, then count the money as ours again."""
        return self._decide(request, object_id, is_won=True)

    def _decide(self, request: HttpRequest, object_id: str, *, is_won: bool) -> HttpResponse:
        dispute: Dispute | None = self.get_object(request, object_id)
        if dispute is None:
            return self._taken_over(request, request.POST.get("payment", ""))
        if not self.has_view_permission(request, dispute):
            raise PermissionDenied
        back = reverse("admin:payments_dispute_change", args=[dispute.id])
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            question = decide_question(dispute, back, is_won=is_won)
            return ask(request, self, question=question, form=form)
        if decide_for_agent(request, dispute, form.cleaned_data["reason"], is_won=is_won):
            self.message_user(request, "It is written down how the dispute ended.")
        elif not Dispute.objects.filter(id=dispute.id).exists():
            return self._taken_over(request, str(dispute.payment_id))
        else:
            self.message_user(request, NOT_DECIDED, messages.WARNING)
        return HttpResponseRedirect(back)

    def _taken_over(self, request: HttpRequest, payment_id: str) -> HttpResponse:
        """Lead to the payment of a reversal that is gone, since a dispute took its place."""
        known = read_id(PaymentId, payment_id)
        if known is None or not Payment.objects.filter(id=known).exists():
            raise Http404
        self.message_user(request, TAKEN_OVER, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:payments_payment_change", args=[known]))


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
                link(reverse("admin:payments_dispute_change", args=[one.id]), one.reference),
                moment(one.decided_at),
            )
            for one in disputes
        ],
    )
