"""The list of payments, and the page of one with every call to its provider."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.adapters.registry import GATEWAYS
from apps.payments.admin.deeds import (
    look_again_for_agent,
    look_question,
    settle_for_agent,
    settle_question,
    undo_again_for_agent,
    undo_question,
)
from apps.payments.admin.panels import TONES, method_of, money_of
from apps.payments.admin.story import story_panels
from apps.payments.models import Payment, PaymentStatus
from apps.payments.queries import list_open_calls
from apps.payments.services.settle_refund import may_be_settled
from apps.payments.services.undo_again import may_be_undone_again
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin, page_action, recent
from apps.platform.backoffice.asking import Question, ReasonForm, ask
from apps.platform.backoffice.formatting import badge, moment, order_link
from apps.platform.backoffice.panels import TitledPanel


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """The money of one order; it moves by calls to the provider only."""

    list_display = ("order", "status_shown", "total", "captured", "refunded", "provider", "made")
    list_display_links = ("status_shown", "total")
    list_filter = (
        recent(field="status", title="status", choices=PaymentStatus.values),
        recent(field="provider", title="provider", choices=tuple(GATEWAYS)),
        ("created_at", MadeBetween),
    )
    list_filter_submit = True
    search_fields = ("authorization",)
    search_help_text = "Payment, order or provider id"
    ordering: Sequence[str] = ("-id",)
    fieldsets = (
        (None, {"fields": ("order", "status_shown", "total", "captured", "refunded")}),
        (
            "Provider",
            {
                "fields": (
                    "provider",
                    "method",
                    "authorization",
                    "held_until",
                    "approval",
                    "failure",
                )
            },
        ),
        ("Giving back", {"fields": ("is_unwanted", "next_try")}),
        ("Record", {"fields": ("id", "order_id", "customer_id", "version", "made", "changed")}),
    )
    actions_detail = ("look_again", "undo_again", "settle")

    @admin.display(description="Order")
    def order(self, payment: Payment) -> SafeString:
        """Lead to the order."""
        return order_link(payment.order_id, payment.order_number or str(payment.order_id))

    @admin.display(description="Status")
    def status_shown(self, payment: Payment) -> SafeString:
        """Show the status."""
        return badge(payment.status, TONES)

    @admin.display(description="Amount")
    def total(self, payment: Payment) -> SafeString:
        """Show what the order costs."""
        return money_of(payment, payment.amount_minor)

    @admin.display(description="Captured")
    def captured(self, payment: Payment) -> SafeString:
        """Show what was charged."""
        return money_of(payment, payment.captured_minor)

    @admin.display(description="Refunded")
    def refunded(self, payment: Payment) -> SafeString:
        """Show what was given back."""
        return money_of(payment, payment.refunded_minor)

    @admin.display(description="Method")
    def method(self, payment: Payment) -> str:
        """Name the means of payment; its token is nobody's business here."""
        return method_of(payment)

    @admin.display(description="Failure")
    def failure(self, payment: Payment) -> str:
        """Say why there will be no payment."""
        return ": ".join(filter(None, (payment.failure_code, payment.failure_detail)))

    @admin.display(description="Held until")
    def held_until(self, payment: Payment) -> SafeString:
        """Show when the provider lets an authorisation go."""
        is_held = payment.status == PaymentStatus.AUTHORIZED
        return moment(payment.authorized_until if is_held else None)

    @admin.display(description="To be approved by")
    def approval(self, payment: Payment) -> SafeString:
        """Show how long the customer has to approve it."""
        return moment(payment.action_expires_at)

    @admin.display(description="Tried again at")
    def next_try(self, payment: Payment) -> SafeString:
        """Show when the money is tried to be given back again, where the provider refused it."""
        return moment(payment.undo_at)

    @admin.display(description="Asked for at")
    def made(self, payment: Payment) -> SafeString:
        """Show when it was asked for."""
        return moment(payment.created_at)

    @admin.display(description="Changed at")
    def changed(self, payment: Payment) -> SafeString:
        """Show when it changed last."""
        return moment(payment.updated_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """Find by an id of ours, or by the provider's."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            wanted = UUID(term)
        except ValueError:
            return queryset.filter(authorization=term), False
        return queryset.filter(Q(id=wanted) | Q(order_id=wanted)), False

    def list_panels(self, request: HttpRequest, obj: Payment) -> list[TitledPanel]:
        """Show the whole story of the payment."""
        return story_panels(obj, viewer=request.user)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to give back or to settle only what is owed; what is refused later is a race."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        payment: Payment | None = self.get_object(request, str(object_id))
        if payment is None:
            return []
        open_calls = list_open_calls(payment.id)
        possible = {
            "look_again": True,
            "undo_again": may_be_undone_again(payment, open_calls),
            "settle": may_be_settled(payment, open_calls),
        }
        names = tuple(name for name, is_possible in possible.items() if is_possible)
        return [one for one in offered if one.action_name.endswith(names)]

    def has_look_again_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may have providers asked again."""
        return request.user.has_perm("payments.look_again_payment")

    @page_action(description="Look again now", permission="look_again", icon="refresh")
    def look_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then have the provider asked how it ended; it moves no money."""
        return self._ask_and_do(
            request,
            object_id,
            question=look_question,
            do=look_again_for_agent,
            done="The provider is being asked; look again in a moment.",
            needless="Nothing about it is undecided.",
        )

    def has_undo_again_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may have money given back again."""
        return request.user.has_perm("payments.undo_again_payment")

    @page_action(
        description="Give the money back…",
        permission="undo_again",
        icon="undo",
        is_dangerous=True,
    )
    def undo_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then try again to give back what the provider refused to."""
        return self._ask_and_do(
            request,
            object_id,
            question=undo_question,
            do=undo_again_for_agent,
            done="The provider is asked to give it back; look again in a moment.",
            needless="Nothing is owed back, or a call for it is under way.",
        )

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may say that a refund was paid by another way."""
        return request.user.has_perm("payments.settle_payment")

    @page_action(
        description="Settle by hand…", permission="settle", icon="handshake", is_dangerous=True
    )
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how it was paid, then count what is owed as refunded."""
        return self._ask_and_do(
            request,
            object_id,
            question=settle_question,
            do=settle_for_agent,
            done="It counts as refunded.",
            needless="Nothing is owed back, or a call for it is under way.",
        )

    def _ask_and_do(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        question: Callable[[Payment, str], Question],
        do: Callable[[HttpRequest, Payment, str], bool],
        done: str,
        needless: str,
    ) -> HttpResponse:
        payment: Payment | None = self.get_object(request, object_id)
        if payment is None:
            raise Http404
        if not self.has_view_permission(request, payment):
            raise PermissionDenied
        back = reverse("admin:payments_payment_change", args=[payment.id])
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            return ask(request, self, question=question(payment, back), form=form)
        if do(request, payment, form.cleaned_data["reason"]):
            self.message_user(request, done)
        else:
            self.message_user(request, needless, messages.WARNING)
        return HttpResponseRedirect(back)
