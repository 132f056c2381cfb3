"""Calls to providers, over all payments: those that wait, and those that ended badly."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.admin.closing import close_for_agent, close_question, why_not_closed
from apps.payments.admin.panels import STATE_TONES
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import PaymentOperation
from apps.payments.services.close_call import may_be_closed
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin, page_action, recent
from apps.platform.backoffice.asking import ReasonForm, ask
from apps.platform.backoffice.formatting import badge, identifier, link, moment, money, order_link
from apps.platform.database_clock import database_now


@admin.register(PaymentOperation)
class PaymentOperationAdmin(ReadOnlyAdmin):
    """One call, recorded before it was made."""

    list_display = ("kind", "state_shown", "order", "amount", "gate", "attempts", "error", "made")
    list_filter = (
        recent(field="state", title="state", choices=[state.value for state in OperationState]),
        recent(field="kind", title="kind", choices=[kind.value for kind in OperationKind]),
        ("created_at", MadeBetween),
    )
    list_filter_submit = True
    list_select_related = ("payment",)
    search_fields = ("idempotency_key",)
    search_help_text = "Id of a call or payment, or an idempotency key"
    ordering: Sequence[str] = ("-id",)
    fieldsets = (
        (None, {"fields": ("kind", "state_shown", "amount", "order", "payment_shown")}),
        (
            "Provider",
            {"fields": ("provider", "gate", "provider_reference", "error", "provider_code_shown")},
        ),
        ("Attempts", {"fields": ("attempts", "next_try", "lease", "made", "changed")}),
        (
            "Record",
            {"fields": ("id", "key", "actor", "causation_id", "correlation_id", "region")},
        ),
    )
    actions_detail = ("close_as_done", "close_as_not_done")

    @admin.display(description="State")
    def state_shown(self, operation: PaymentOperation) -> SafeString:
        """Show the state."""
        return badge(operation.state, STATE_TONES)

    @admin.display(description="Order")
    def order(self, operation: PaymentOperation) -> SafeString:
        """Lead to the order."""
        return order_link(operation.payment.order_id, operation.payment.order_number)

    @admin.display(description="Payment")
    def payment_shown(self, operation: PaymentOperation) -> SafeString:
        """Lead to the payment."""
        page = reverse("admin:payments_payment_change", args=[operation.payment_id])
        return link(page, str(operation.payment_id))

    @admin.display(description="Amount")
    def amount(self, operation: PaymentOperation) -> SafeString:
        """Show how much it is about."""
        return money(operation.amount_minor, operation.payment.currency)

    @admin.display(description="Error")
    def error(self, operation: PaymentOperation) -> str:
        """Say what went wrong last."""
        return ": ".join(filter(None, (operation.error_code, operation.error_detail)))

    @admin.display(description="Provider's code")
    def provider_code_shown(self, operation: PaymentOperation) -> str:
        """Show what the provider itself gave as the reason of a decline."""
        return operation.provider_code

    @admin.display(description="Provider's reference")
    def provider_reference(self, operation: PaymentOperation) -> SafeString:
        """Show what the provider calls it."""
        return identifier(operation.reference)

    @admin.display(description="Idempotency key")
    def key(self, operation: PaymentOperation) -> SafeString:
        """Show the key that makes it happen once."""
        return identifier(operation.idempotency_key)

    @admin.display(description="Next try")
    def next_try(self, operation: PaymentOperation) -> SafeString:
        """Show when it is due; nothing once it has ended."""
        return moment(operation.next_at if operation.is_open else None)

    @admin.display(description="With a worker until")
    def lease(self, operation: PaymentOperation) -> SafeString:
        """Show until when nobody else takes it up."""
        return moment(operation.lease_until if operation.is_open else None)

    @admin.display(description="Asked for at")
    def made(self, operation: PaymentOperation) -> SafeString:
        """Show when it was recorded."""
        return moment(operation.created_at)

    @admin.display(description="Changed at")
    def changed(self, operation: PaymentOperation) -> SafeString:
        """Show when it changed last."""
        return moment(operation.updated_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PaymentOperation], search_term: str
    ) -> tuple[QuerySet[PaymentOperation], bool]:
        """Find by an id of ours, or by the key sent to the provider."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            wanted = UUID(term)
        except ValueError:
            return queryset.filter(idempotency_key=term), False
        return queryset.filter(Q(id=wanted) | Q(payment_id=wanted)), False

    def has_settle_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whether the person may say how a call ended."""
        return request.user.has_perm("payments.settle_paymentoperation")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer only what may be said of the call."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        operation: PaymentOperation | None = self.get_object(request, str(object_id))
        if operation is None:
            return []
        now, payment = database_now(), operation.payment
        return [
            one
            for one in offered
            if may_be_closed(
                operation, payment, now, is_done=one.action_name.endswith("close_as_done")
            )
        ]

    @page_action(description="It was done…", permission="settle", icon="check", is_dangerous=True)
    def close_as_done(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how the person knows, then count the call as carried out."""
        return self._close(request, object_id, is_done=True)

    @page_action(
        description="It was not done…", permission="settle", icon="close", is_dangerous=True
    )
    def close_as_not_done(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how the person knows, then count the call as refused."""
        return self._close(request, object_id, is_done=False)

    def _close(self, request: HttpRequest, object_id: str, *, is_done: bool) -> HttpResponse:
        operation: PaymentOperation | None = self.get_object(request, object_id)
        if operation is None:
            raise Http404
        if not self.has_view_permission(request, operation):
            raise PermissionDenied
        back = reverse("admin:payments_paymentoperation_change", args=[operation.id])
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            question = close_question(operation, back, is_done=is_done)
            return ask(request, self, question=question, form=form)
        if close_for_agent(request, operation, form.cleaned_data["reason"], is_done=is_done):
            self.message_user(request, "The call is closed.")
        else:
            self.message_user(request, why_not_closed(), messages.WARNING)
        return HttpResponseRedirect(back)
