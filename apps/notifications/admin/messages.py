"""Messages for customer service: what a customer was told, when, and what went wrong."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.kernel.identifiers import OrderId
from apps.kernel.order_number import InvalidOrderNumber, normalise
from apps.notifications.domain.messages import MessageKind, MessageStatus
from apps.notifications.models import KnownOrder, Message, Recipient
from apps.notifications.queries import list_messages
from apps.notifications.services.resend_messages import resend_messages
from apps.platform.audit.deeds import cause_of
from apps.platform.backoffice.admin import MadeBetween, ReadOnlyAdmin, recent
from apps.platform.backoffice.asking import Question, ReasonForm, ask
from apps.platform.backoffice.formatting import (
    Tone,
    badge,
    document,
    identifier,
    moment,
    order_link,
)
from apps.platform.backoffice.panels import Panel, Table, order_panel

TONES: dict[str, Tone] = {
    MessageStatus.QUEUED: Tone.INFO,
    MessageStatus.WAITING: Tone.INFO,
    MessageStatus.SENDING: Tone.INFO,
    MessageStatus.SENT: Tone.SUCCESS,
    MessageStatus.UNCONFIRMED: Tone.WARNING,
    MessageStatus.FAILED: Tone.DANGER,
    MessageStatus.UNDELIVERABLE: Tone.DANGER,
}
TO_LOOK_AT = (MessageStatus.UNCONFIRMED, MessageStatus.FAILED, MessageStatus.UNDELIVERABLE)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every message, newest first; those that have ended can be sent again."""

    list_display: ClassVar = [
        "queued_shown",
        "order",
        "kind_shown",
        "status_shown",
        "to_address",
        "subject",
        "problem",
    ]
    list_filter: ClassVar = [
        recent(field="status", title="status", choices=[one.value for one in MessageStatus]),
        recent(field="kind", title="message", choices=[one.value for one in MessageKind]),
        ("created_at", MadeBetween),
    ]
    list_filter_submit = True
    search_fields: ClassVar = ["id"]
    search_help_text = (
        "Order number, email address of the customer, or the id of an order, customer or message"
    )
    ordering: ClassVar = ["-id"]
    actions: ClassVar = ["resend"]
    fields: ClassVar = [
        "kind_shown",
        "order",
        "status_shown",
        "problem",
        "to_address",
        "subject",
        "locale",
        "told",
        "queued_shown",
        "sent_shown",
        "attempts",
        "provider_id",
        "message_id",
        "customer",
        "event_id",
    ]

    @admin.display(description="Message")
    def kind_shown(self, message: Message) -> str:
        """Show which message it is."""
        return message.kind.replace("_", " ")

    @admin.display(description="Order")
    def order(self, message: Message) -> SafeString:
        """Lead to the order."""
        return order_link(message.order_id, str(message.context.get("number", message.order_id)))

    @admin.display(description="Status")
    def status_shown(self, message: Message) -> SafeString:
        """Show how far it came."""
        return badge(message.status, TONES)

    @admin.display(description="Asked for at")
    def queued_shown(self, message: Message) -> SafeString:
        """Show when it was last asked for."""
        return moment(message.queued_at)

    @admin.display(description="Sent at")
    def sent_shown(self, message: Message) -> SafeString:
        """Show when it was sent."""
        return moment(message.sent_at)

    @admin.display(description="What it tells")
    def told(self, message: Message) -> SafeString:
        """Show what it was made of."""
        return document(message.context)

    @admin.display(description="Message id")
    def message_id(self, message: Message) -> SafeString:
        """Show its id."""
        return identifier(message.id)

    @admin.display(description="Customer id")
    def customer(self, message: Message) -> SafeString:
        """Show the id of whom it is for."""
        return identifier(message.customer_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Find what the term names, each by its index; no term, no narrowing."""
        term = search_term.strip()
        return (queryset.filter(_named_by(term)) if term else queryset), False

    @admin.action(description="Send again…", permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse:
        """Ask why, then queue the chosen messages once more; those on their way are left alone."""
        chosen = list(queryset)
        answered = "reason" in request.POST
        form = ReasonForm(request.POST if answered else None)
        back = reverse("admin:notifications_message_changelist")
        if not form.is_valid():
            return ask(request, self, question=_resend_question(chosen, back), form=form)
        queued = resend_messages(
            message_ids=[message.id for message in chosen],
            reason=form.cleaned_data["reason"],
            cause=cause_of(request),
            now=timezone.now(),
        )
        self.message_user(request, f"{queued} of {len(chosen)} messages will be sent again.")
        if queued < len(chosen):
            self.message_user(request, "The others are on their way already.", messages.WARNING)
        return HttpResponseRedirect(back)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether the person may have messages sent again."""
        allowed = ("notifications.resend_message", "notifications.change_message")
        return any(request.user.has_perm(permission) for permission in allowed)


@admin.register(Recipient)
class RecipientAdmin(ReadOnlyAdmin):
    """Whom messages go to, as notifications knows them."""

    list_display: ClassVar = ["name", "email", "locale", "wants_email", "wants_sms", "region"]
    list_filter: ClassVar = ["wants_email"]
    search_fields: ClassVar = ["email__iexact", "customer_id__iexact"]
    search_help_text = "Email address or customer id"
    ordering: ClassVar = ["-customer_id"]


@order_panel("Messages", position=50, permission="notifications.view_message")
def messages_panel(order_id: OrderId) -> Panel:
    """Say on the page of an order what its customer was told."""
    told = list_messages(order_id=order_id)
    if not told:
        return Panel(note="The customer has not been told anything yet.")
    unsettled = sum(message.status in TO_LOOK_AT for message in told)
    return Panel(
        alert=f"{unsettled} of the messages did not reach the customer, or may not have."
        if unsettled
        else "",
        tables=[
            Table(
                headings=("At", "Message", "Status", "Sent to", "Subject", "Problem"),
                rows=[
                    (
                        moment(message.sent_at or message.queued_at),
                        message.kind.replace("_", " "),
                        badge(message.status, TONES),
                        message.to_address,
                        message.subject,
                        message.problem,
                    )
                    for message in told
                ],
            )
        ],
    )


def _resend_question(chosen: Sequence[Message], back: str) -> Question:
    return Question(
        title="Send messages again",
        explanation="Each goes to where its customer is reached now, in the language of now.",
        submit="Send again",
        back=back,
        panel=Panel(
            tables=[
                Table(
                    headings=("Order", "Message", "Status", "Sent to"),
                    rows=[
                        (
                            str(message.context.get("number", message.order_id)),
                            message.kind.replace("_", " "),
                            badge(message.status, TONES),
                            message.to_address,
                        )
                        for message in chosen
                    ],
                )
            ]
        ),
        hidden={
            "action": ["resend"],
            ACTION_CHECKBOX_NAME: [str(message.id) for message in chosen],
        },
    )


def _named_by(term: str) -> Q:
    try:
        key = UUID(term)
    except ValueError:
        pass
    else:
        return Q(id=key) | Q(order_id=key) | Q(customer_id=key)
    if "@" in term:
        named = Recipient.objects.filter(email__iexact=term).values_list("customer_id", flat=True)
        return Q(customer_id__in=list(named[:100]))
    try:
        number = normalise(term)
    except InvalidOrderNumber:
        return Q(pk__in=[])
    orders = KnownOrder.objects.filter(number=number).values_list("order_id", flat=True)
    return Q(order_id__in=list(orders))
