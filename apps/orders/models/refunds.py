"""Money of orders that goes back."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.kernel.identifiers import RefundId
from apps.orders.models.order import Order
from apps.platform.id_fields import own_id_field


class RefundStatus(models.TextChoices):
    """Where a refund stands; one that is failing is tried again, one not owed is the customer's already."""

    REQUESTED = "requested"
    FAILING = "failing"
    DONE = "done"
    NOT_OWED = "not_owed"


class OrderRefund(models.Model):
    """Money of an order that goes back to its customer, and why; the `nth` of its order.

    `lines` lists the `position`, `sku`, `quantity` and `amount_minor` of the units it is for, if it
    is for any. The payment gives money back in the order in which it was asked for. `not_owed_minor` is
    how much of it the customer's bank took back by disputes instead.
    """

    id = own_id_field(RefundId)
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="refunds", db_index=False, db_constraint=False
    )
    nth = models.IntegerField()
    amount_minor = models.BigIntegerField()
    not_owed_minor = models.BigIntegerField(default=0, db_default=0)
    lines = models.JSONField(default=list)
    reason = models.TextField()
    status = models.CharField(
        max_length=16, default=RefundStatus.REQUESTED, choices=RefundStatus.choices
    )
    requested_by = models.TextField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["order_id", "nth"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "nth"], name="refunds_of_an_order_are_counted"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="a_refund_gives_something_back"
            ),
            models.CheckConstraint(
                condition=Q(status__in=RefundStatus.values), name="refund_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(not_owed_minor__gte=0, not_owed_minor__lte=F("amount_minor")),
                name="never_more_not_owed_than_asked_for",
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.nth}"


class CreditNote(models.Model):
    """The document of money that went back, as payments has numbered it; of one refund or of several.

    `cancelled_by` is the number of the receipt that takes it back, where the refund did not last.
    """

    number = models.CharField(max_length=32, primary_key=True)
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="credit_notes", db_constraint=False
    )
    amount_minor = models.BigIntegerField()
    issued_at = models.DateTimeField()
    cancelled_by = models.CharField(max_length=32, default="")

    class Meta:
        ordering: ClassVar = ["issued_at", "number"]

    def __str__(self) -> str:
        return self.number
