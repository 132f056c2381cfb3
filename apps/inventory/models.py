"""Tables of inventory."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from apps.kernel.cause import Cause
from apps.kernel.identifiers import OrderId, ReservationId, new_id
from apps.platform.bulk import new_row
from apps.platform.history import Step, step_values
from apps.platform.id_fields import id_field, optional_id_field, own_id_field


class Warehouse(models.Model):
    """A place that holds stock; a lower `priority` is preferred."""

    code = models.CharField(max_length=32, primary_key=True)
    name = models.TextField()
    address = models.JSONField(default=dict)
    priority = models.SmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["priority", "code"]

    def __str__(self) -> str:
        return self.code


class Product(models.Model):
    """What can be stocked and sold; `prices_minor` maps a currency to minor units."""

    sku = models.CharField(max_length=64, primary_key=True)
    name = models.TextField()
    prices_minor = models.JSONField(default=dict)
    weight_grams = models.IntegerField(default=0)
    dimensions_mm = models.JSONField(default=list, blank=True)
    active = models.BooleanField(default=True)
    version = models.IntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["sku"]

    def __str__(self) -> str:
        return self.sku


class StockLevel(models.Model):
    """Units of one SKU in one warehouse. `reserved` counts held and committed reservations.

    `counted_at` and `moved_at` are the warehouse's own clock of the newest count and of the newest
    receipt, adjustment or return, so that a report which could not know of them is ignored.
    """

    id = models.BigAutoField(primary_key=True)
    sku = models.CharField(max_length=64)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, db_index=False)
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    version = models.IntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["sku", "warehouse"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sku", "warehouse"], name="one_level_per_sku_and_warehouse"
            ),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="on_hand_is_never_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_is_never_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")), name="reserved_never_exceeds_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku}@{self.warehouse_id}"

    @property
    def available(self) -> int:
        """Units that can still be promised."""
        return self.on_hand - self.reserved


class MovementKind(models.TextChoices):
    """Why a level moved."""

    RECEIPT = "receipt"
    ADJUSTMENT = "adjustment"
    RETURN = "return"
    RESERVATION = "reservation"
    RELEASE = "release"
    COMMIT = "commit"


class StockMovement(models.Model):
    """One line of the stock ledger; append-only. The sums per SKU and warehouse are the level.

    `counted` is what a count found on the shelves; the adjustment it led to is the difference.
    No foreign key is checked here: a move always goes through a locked level, which has one.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    sku = models.CharField(max_length=64)
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=16, choices=MovementKind.choices)
    on_hand_delta = models.IntegerField(default=0)
    reserved_delta = models.IntegerField(default=0)
    counted = models.IntegerField(null=True)
    order_id = optional_id_field(OrderId)
    message_id = models.CharField(max_length=128, default="")
    occurred_at = models.DateTimeField()
    actor = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["sku", "warehouse"], name="movement_of_level")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["warehouse", "message_id"],
                condition=~Q(message_id=""),
                name="a_warehouse_message_moves_stock_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sku}@{self.warehouse_id}"


class ReservationStatus(models.TextChoices):
    """Where a reservation stands."""

    HELD = "held"
    COMMITTED = "committed"
    FULFILLED = "fulfilled"
    RELEASED = "released"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"


OPEN_STATUSES = (ReservationStatus.HELD, ReservationStatus.COMMITTED)
"""Reservations whose units count as reserved."""


class Reservation(models.Model):
    """Stock held for one order, or the record that it could not be had.

    `extendable` says whether an expiry may be put off: it may while the wait is ours, not while it
    is the customer's. `expires_at` never goes past `latest_at`. `version` numbers the reservation's
    events, `steps` its history.
    """

    id = own_id_field(ReservationId)
    order_id = id_field(OrderId, unique=True)
    status = FSMField(
        default=ReservationStatus.HELD, choices=ReservationStatus.choices, protected=True
    )
    version = models.IntegerField(default=1)
    steps = models.SmallIntegerField(default=0, db_default=0)
    expires_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    extendable = models.BooleanField(default=True)
    reason = models.TextField(default="")
    shortages = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], condition=Q(status="held"), name="held_by_expiry")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=ReservationStatus.values),
                name="reservation_status_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether units are reserved for it."""
        return self.status in OPEN_STATUSES

    @transition(
        status,
        source=[ReservationStatus.HELD, ReservationStatus.EXPIRED],
        target=ReservationStatus.COMMITTED,
    )
    def commit(self) -> None:
        """Keep the units for good: the order is confirmed."""

    @transition(status, source=list(OPEN_STATUSES), target=ReservationStatus.RELEASED)
    def release(self) -> None:
        """Give the units back."""

    @transition(status, source=ReservationStatus.HELD, target=ReservationStatus.EXPIRED)
    def expire(self) -> None:
        """Give the units back because the order took too long."""

    def record_step(
        self, *, before: str, what: str, cause: Cause, at: datetime
    ) -> "ReservationStep":
        """Give the next row of the history; the caller stores it with the reservation."""
        self.steps += 1
        self.updated_at = at
        return new_row(
            ReservationStep,
            reservation_id=self.id,
            position=self.steps,
            **step_values(before=before, after=self.status, what=what, cause=cause, at=at),
        )


class ReservationItem(models.Model):
    """Units of one SKU reserved in one warehouse."""

    id = models.BigAutoField(primary_key=True)
    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="items")
    sku = models.CharField(max_length=64)
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    quantity = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="a_reserved_quantity_is_positive"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}@{self.warehouse_id}"


class ReservationStep(Step):
    """One row of a reservation's history: a change of its status, or of how long it lasts.

    The first one comes from no status. Reservations made before there was a history have none, or
    its later part.
    """

    pk = models.CompositePrimaryKey("reservation_id", "position")
    reservation = models.ForeignKey(
        Reservation,
        on_delete=models.CASCADE,
        related_name="history",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        ordering: ClassVar = ["reservation_id", "position"]
