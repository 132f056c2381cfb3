"""The money of one order, and its history."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from apps.kernel.cause import Cause
from apps.kernel.identifiers import CustomerId, OrderId, PaymentId
from apps.kernel.money import Money
from apps.platform.bulk import new_row
from apps.platform.history import Step, step_values
from apps.platform.id_fields import id_field, optional_id_field, own_id_field


class PaymentStatus(models.TextChoices):
    """Where a payment stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"


def _is_refunded_whole(payment: models.Model) -> bool:
    return isinstance(payment, Payment) and payment.refunded_minor == payment.captured_minor


class Payment(models.Model):
    """The money of one order, in minor units. Tokens, brand and last four digits only.

    One that was cancelled before we heard what to pay has neither amount nor customer: it stands in
    the way of its own beginning. `version` numbers the payment's events, `steps` its history.

    `is_unwanted` is set when the order is being called off: whatever the provider still says, the
    money goes back. `refund_wanted_minor` is how much is to go back, in all, of an order that goes
    on. `disputed_minor` is what does not go back because banks have taken it, until it is decided (all of
    the payment where a dispute in another currency is open or lost), `lost_minor` what stays with the customer
    by that. `undo_at` is when giving back is tried again, after the provider refused it.

    `authorized_until` is when the provider lets an authorisation go, as far as we know;
    `is_ending_known` says that somebody was warned.
    """

    id = own_id_field(PaymentId)
    order_id = id_field(OrderId, unique=True)
    order_number = models.CharField(max_length=16)
    customer_id = optional_id_field(CustomerId)
    status = FSMField(default=PaymentStatus.PENDING, choices=PaymentStatus.choices, protected=True)
    version = models.IntegerField(default=0)
    steps = models.IntegerField(default=0, db_default=0)
    amount_minor = models.BigIntegerField()
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    refund_wanted_minor = models.BigIntegerField(default=0, db_default=0)
    disputed_minor = models.BigIntegerField(default=0, db_default=0)
    lost_minor = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=32)
    method_type = models.CharField(max_length=32)
    method_token = models.TextField()
    brand = models.CharField(max_length=32, default="")
    last4 = models.CharField(max_length=4, default="")
    authorization = models.TextField(default="")
    action_url = models.TextField(default="")
    action_expires_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=64, default="")
    failure_detail = models.TextField(default="")
    is_unwanted = models.BooleanField(default=False)
    undo_at = models.DateTimeField(null=True)
    authorized_until = models.DateTimeField(null=True)
    is_ending_known = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("look_again_payment", "Can have a provider asked again"),
            ("undo_again_payment", "Can have money given back again"),
            ("settle_payment", "Can say that money was given back by another way"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["authorization"], name="payment_by_authorization"),
            models.Index(
                fields=["authorized_until"],
                condition=Q(status=PaymentStatus.AUTHORIZED.value),
                name="payment_authorised_until",
            ),
            models.Index(
                fields=["undo_at"], condition=Q(undo_at__isnull=False), name="payment_to_undo"
            ),
            models.Index(fields=["id"], condition=Q(disputed_minor__gt=0), name="payment_disputed"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(captured_minor__lte=F("amount_minor")),
                name="never_captured_more_than_authorised",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__lte=F("captured_minor")),
                name="never_refunded_more_than_captured",
            ),
            models.CheckConstraint(
                condition=Q(status__in=PaymentStatus.values), name="payment_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_number} {self.status}"

    @property
    def amount(self) -> Money:
        """What the order costs."""
        return Money(self.amount_minor, self.currency)

    def record_step(self, *, before: str, what: str, cause: Cause, at: datetime) -> "PaymentStep":
        """Give the next row of the history; the caller stores it with the payment."""
        self.steps += 1
        return new_row(
            PaymentStep,
            payment_id=self.id,
            position=self.steps,
            **step_values(before=before, after=self.status, what=what, cause=cause, at=at),
        )

    @property
    def never_began(self) -> bool:
        """Whether its order was called off before we heard what to pay."""
        return not self.currency

    @property
    def owes_money_back(self) -> bool:
        """Whether something is reserved or charged, or on offer, that nobody wants any more.

        What is only on offer is taken back, too, once the customer's time is over.
        """
        if self.status == PaymentStatus.REQUIRES_ACTION:
            return True
        if self.status == PaymentStatus.AUTHORIZED:
            return self.is_unwanted
        return self.to_refund_minor > 0

    @property
    def owed_back_minor(self) -> int:
        """How much of what is charged is still to go back, in minor units, disputed or not.

        What was lost by a dispute is with the customer, and not owed a second time.
        """
        if self.status not in (PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED):
            return 0
        wanted = self.captured_minor if self.is_unwanted else self.refund_wanted_minor
        return max(0, min(wanted, self.captured_minor - self.lost_minor) - self.refunded_minor)

    @property
    def to_refund_minor(self) -> int:
        """How much of that may go back now: what is disputed may be the customer's already."""
        return max(0, min(self.owed_back_minor, self.captured_minor - self.gone_minor))

    @property
    def gone_minor(self) -> int:
        """How much of what was charged is with the customer already, or may be by a dispute."""
        return self.refunded_minor + self.disputed_minor + self.lost_minor

    @property
    def waits_for_dispute(self) -> bool:
        """Whether something is to go back that is disputed, and so waits for the decision."""
        return self.owed_back_minor > self.to_refund_minor

    @transition(status, source=PaymentStatus.PENDING, target=PaymentStatus.REQUIRES_ACTION)
    def require_action(self, *, url: str, expires_at: datetime) -> None:
        """The customer has to approve it."""
        self.action_url = url
        self.action_expires_at = expires_at

    def stop_asking(self) -> None:
        """The provider is at it: there is nothing left for the customer to approve, if there was."""
        self.action_url = ""

    @transition(
        status,
        source=[PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION],
        target=PaymentStatus.AUTHORIZED,
    )
    def authorize(self, *, reference: str, brand: str, last4: str) -> None:
        """The amount is reserved on the customer's account."""
        self.authorization = reference
        self.brand, self.last4 = brand, last4
        self.action_url = ""

    @transition(status, source=PaymentStatus.AUTHORIZED, target=PaymentStatus.CAPTURED)
    def capture(self, *, amount_minor: int) -> None:
        """The amount was charged."""
        self.captured_minor = amount_minor

    @transition(status, source=PaymentStatus.CAPTURED, target=PaymentStatus.AUTHORIZED)
    def doubt_the_capture(self) -> None:
        """The charge may not have come about after all."""
        self.captured_minor = 0

    def renew(self, *, authorization: str, until: datetime) -> None:
        """The amount is reserved for longer; `authorization` is its new name, if it has one."""
        self.authorization = authorization or self.authorization
        self.authorized_until = until
        self.is_ending_known = False

    @transition(status, source=PaymentStatus.AUTHORIZED, target=PaymentStatus.VOIDED)
    def void(self) -> None:
        """The authorisation was dropped."""

    @transition(
        status,
        source=[PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION],
        target=PaymentStatus.FAILED,
    )
    def fail(self, *, code: str, detail: str) -> None:
        """There will be no payment."""
        self.failure_code, self.failure_detail = code[:64], detail
        self.action_url = ""

    @transition(
        status,
        source=[PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED],
        target=PaymentStatus.REFUNDED,
        conditions=[_is_refunded_whole],
    )
    def refund_whole(self) -> None:
        """All of the money went back."""

    @transition(
        status,
        source=[PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED],
        target=PaymentStatus.PARTIALLY_REFUNDED,
    )
    def refund_part(self) -> None:
        """Some of the money went back."""

    @transition(
        status,
        source=[PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED],
        target=PaymentStatus.CAPTURED,
    )
    def doubt_the_refund(self) -> None:
        """The only refund may not have reached the customer."""

    @transition(
        status,
        source=[PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED],
        target=PaymentStatus.PARTIALLY_REFUNDED,
    )
    def doubt_a_refund(self) -> None:
        """One of several refunds may not have reached the customer."""


class PaymentStep(Step):
    """One row of a payment's history: a change of status, or something that a provider refused."""

    pk = models.CompositePrimaryKey("payment_id", "position")
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        related_name="history",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        ordering: ClassVar = ["payment_id", "position"]
