"""Orders, their items and history, all partitioned by the month in the order's id."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from apps.kernel.cause import Cause
from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.orders.domain.statuses import CANCELLABLE, CancelReason, OrderStatus
from apps.platform.bulk import new_row
from apps.platform.history import Step, step_values
from apps.platform.id_fields import id_field, optional_id_field

STATUS_CHOICES = [(status.value, status.value.replace("_", " ")) for status in OrderStatus]


class Order(models.Model):
    """What one customer bought at once.

    `version` numbers the order's events, `steps` its history. `owes_*` say what a cancellation
    still waits for, `short_skus` what there was too little of, and `cancel_code` why its payment failed. The payment fields are what
    orders has heard of the payment; `lost_minor` is what disputes left with the customer.
    `payment_rule` is the rule that chose its provider, if one did, `payment_alternatives` the
    `provider` and `token` of those that come after it.
    """

    id = id_field(OrderId, primary_key=True)
    number = models.CharField(max_length=16)
    customer_id = id_field(CustomerId)
    status = FSMField(default=OrderStatus.CREATED, choices=STATUS_CHOICES, protected=True)
    version = models.IntegerField(default=1)
    steps = models.IntegerField(default=1)
    currency = models.CharField(max_length=3)
    items_minor = models.BigIntegerField()
    discounts_minor = models.BigIntegerField(default=0)
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    shipping_method = models.CharField(max_length=32)
    shipping_address = models.JSONField()
    payment_provider = models.CharField(max_length=32)
    payment_method_type = models.CharField(max_length=32)
    payment_token = models.TextField()
    payment_rule = models.TextField(default="", db_default="")
    payment_alternatives = models.JSONField(default=list, db_default=[])
    payment_status = models.CharField(max_length=32, default="")
    payment_action_url = models.TextField(default="")
    payment_id = optional_id_field(PaymentId)
    captured_minor = models.BigIntegerField(default=0, db_default=0)
    lost_minor = models.BigIntegerField(default=0, db_default=0)
    metadata = models.JSONField(default=dict)
    region = models.CharField(max_length=32)
    placed_by = models.TextField()
    cancel_reason = models.CharField(max_length=32, default="")
    cancel_detail = models.TextField(default="")
    cancel_code = models.CharField(max_length=64, default="", db_default="")
    short_skus = models.JSONField(default=list)
    owes_stock = models.BooleanField(default=False)
    owes_payment = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("cancel_order", "Can cancel an order for its customer"),
            ("release_order", "Can release an order that is held for review"),
            ("refund_order", "Can have money of an order given back, up to a limit"),
            ("refund_any_amount", "Can have any amount of an order given back"),
        ]
        # Said here, an index has no twin for searches by how a text begins.
        indexes: ClassVar = [
            models.Index(fields=["number"], name="order_by_number"),
            models.Index(fields=["customer_id", "-id"], name="order_by_customer"),
            models.Index(fields=["status", "-id"], name="order_by_status"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("items_minor")
                    - F("discounts_minor")
                    + F("shipping_minor")
                    + F("tax_minor")
                ),
                name="order_totals_balance",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in OrderStatus]),
                name="order_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status=OrderStatus.CANCELLED)
                | Q(owes_stock=False, owes_payment=False),
                name="a_cancelled_order_owes_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_cancellable(self) -> bool:
        """Whether its customer may still call it off."""
        return self.status in CANCELLABLE

    @property
    def is_being_cancelled(self) -> bool:
        """Whether it is called off, or about to be."""
        return self.status in (OrderStatus.CANCELLATION_PENDING, OrderStatus.CANCELLED)

    @transition(status, source=OrderStatus.CREATED, target=OrderStatus.PAYMENT_PENDING)
    def await_payment(self) -> None:
        """Stock is held; ask for the payment."""
        self.payment_status = "pending"

    @transition(status, source=OrderStatus.PAYMENT_PENDING, target=OrderStatus.PAYMENT_AUTHORIZED)
    def accept_payment(self) -> None:
        """The amount is reserved on the customer's account."""
        self.payment_status = "authorized"
        self.payment_action_url = ""

    @transition(status, source=OrderStatus.PAYMENT_AUTHORIZED, target=OrderStatus.CONFIRMED)
    def confirm(self) -> None:
        """Promise the order to its customer."""

    @transition(status, source=OrderStatus.CONFIRMED, target=OrderStatus.PROCESSING)
    def process(self) -> None:
        """Hand the order over to the warehouses."""

    @transition(status, source=OrderStatus.PROCESSING, target=OrderStatus.SHIPPED)
    def ship(self) -> None:
        """Every parcel has left."""

    @transition(status, source=OrderStatus.SHIPPED, target=OrderStatus.DELIVERED)
    def deliver(self) -> None:
        """Every parcel has arrived."""

    @transition(status, source=OrderStatus.DELIVERED, target=OrderStatus.COMPLETED)
    def complete(self) -> None:
        """The return window is over."""

    @transition(
        status,
        source=[*CANCELLABLE, OrderStatus.PROCESSING],
        target=OrderStatus.CANCELLATION_PENDING,
    )
    def request_cancellation(
        self,
        *,
        reason: CancelReason,
        detail: str,
        short_skus: Sequence[str],
        owes_stock: bool,
        owes_payment: bool,
        code: str = "",
    ) -> None:
        """Call the order off; it is cancelled once nothing is owed any more."""
        self.cancel_reason = reason
        self.cancel_detail = detail
        self.cancel_code = code
        self.short_skus = list(short_skus)
        self.owes_stock = owes_stock
        self.owes_payment = owes_payment
        self.payment_action_url = ""

    @transition(
        status,
        source=[
            OrderStatus.CREATED,
            OrderStatus.PAYMENT_PENDING,
            OrderStatus.CANCELLATION_PENDING,
        ],
        target=OrderStatus.CANCELLED,
    )
    def cancel(
        self,
        *,
        reason: CancelReason | str,
        detail: str,
        short_skus: Sequence[str],
        code: str = "",
    ) -> None:
        """End the order; nothing is owed for it."""
        self.short_skus = list(short_skus)
        self.cancel_reason = reason
        self.cancel_detail = detail
        self.cancel_code = code
        self.payment_action_url = ""

    def record_step(self, *, before: str, what: str, cause: Cause, at: datetime) -> "OrderStep":
        """Give the next row of the history; the caller stores it with the order."""
        self.steps += 1
        self.updated_at = at
        return new_row(
            OrderStep,
            order_id=self.id,
            position=self.steps,
            **step_values(before=before, after=self.status, what=what, cause=cause, at=at),
        )


class OrderItem(models.Model):
    """One SKU of an order, with the unit price at placement."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    position = models.SmallIntegerField()
    sku = models.CharField(max_length=64)
    name = models.TextField()
    quantity = models.IntegerField()
    unit_price_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["order_id", "position"]
        indexes: ClassVar = [models.Index(fields=["sku"], name="item_by_sku")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=999),
                name="an_ordered_quantity_is_1_to_999",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class OrderStep(Step):
    """One row of an order's history: a change of status, or something heard on the way."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="history", db_index=False, db_constraint=False
    )

    class Meta:
        ordering: ClassVar = ["order_id", "position"]
