"""Tables of notifications."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.kernel.identifiers import CustomerId, OrderId
from apps.notifications.domain.identifiers import MessageId
from apps.notifications.domain.messages import OPEN_STATUSES, Channel, MessageKind, MessageStatus
from apps.platform.id_fields import id_field, own_id_field


class Recipient(models.Model):
    """Whom to write to: what notifications knows of a customer.

    `event_id` is that of the fact it was taken from, so that an older one changes nothing.
    """

    customer_id = id_field(CustomerId, primary_key=True)
    name = models.TextField()
    email = models.TextField()
    phone = models.TextField(blank=True)
    locale = models.CharField("language", max_length=8)
    region = models.CharField(max_length=32)
    wants_email = models.BooleanField()
    wants_sms = models.BooleanField("wants SMS")
    event_id = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["-customer_id"]

    def __str__(self) -> str:
        return self.name


class KnownOrder(models.Model):
    """What messages about an order need to say.

    `items` lists `sku`, `name`, `quantity` and `unit_price_minor` of each line.
    """

    order_id = id_field(OrderId, primary_key=True)
    number = models.CharField(max_length=16)
    customer_id = id_field(CustomerId)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    items = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-order_id"]
        indexes: ClassVar = [models.Index(fields=["number"], name="known_order_by_number")]

    def __str__(self) -> str:
        return self.number


class KnownRefunds(models.Model):
    """What is known of the money of one order that goes back; only orders that are refunded have it.

    `given_back_minor` is the most that had gone back so far, `told_minor` how much of that the
    customer was told of. While the order `is_called_off` the mail on its cancellation is still to come,
    and tells of all of it. `asked_for` lists what was asked for: `upto_minor`, the sum up to it, and
    `units`, its `sku` and `quantity`.
    """

    order_id = id_field(OrderId, primary_key=True)
    given_back_minor = models.BigIntegerField(default=0)
    told_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="")
    is_called_off = models.BooleanField(default=False)
    asked_for = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-order_id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(told_minor__gte=0, told_minor__lte=F("given_back_minor")),
                name="customers_are_told_of_what_went_back",
            )
        ]

    def __str__(self) -> str:
        return str(self.order_id)


class Message(models.Model):
    """One thing told to one customer over one channel, because of one event.

    `context` holds what the event says; who it goes to and in which language is decided when it is
    sent. `queued_at` is when it was last asked for, by the event or by a person. `attempts` also
    fences: only the worker that made the newest attempt may record how it ended.
    """

    id = own_id_field(MessageId)
    event_id = models.BigIntegerField()
    order_id = id_field(OrderId)
    customer_id = id_field(CustomerId)
    kind = models.CharField(
        max_length=32, choices=[(kind.value, kind.replace("_", " ")) for kind in MessageKind]
    )
    channel = models.CharField(
        max_length=8, choices=[(channel.value, channel.value) for channel in Channel]
    )
    status = models.CharField(
        max_length=16,
        default=MessageStatus.QUEUED,
        choices=[(status.value, status.value) for status in MessageStatus],
    )
    context = models.JSONField(default=dict)
    locale = models.CharField("language", max_length=8, blank=True)
    to_address = models.TextField("sent to", blank=True)
    subject = models.TextField(blank=True)
    provider_id = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("resend_message", "Can have messages sent again")]
        indexes: ClassVar = [
            models.Index(fields=["order_id"], name="message_by_order"),
            models.Index(fields=["customer_id"], name="message_by_customer"),
            models.Index(
                fields=["next_at"],
                condition=Q(status__in=[status.value for status in OPEN_STATUSES]),
                name="message_open_by_time",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event_id", "channel"], name="one_message_per_event_and_channel"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in MessageStatus]),
                name="message_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
