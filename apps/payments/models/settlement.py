"""What providers reported of the money they settled, and in what that differs from our ledger."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.identifiers import DifferenceId
from apps.payments.domain.settlements import DifferenceKind, DifferenceState, SettlementKind
from apps.payments.models.payment import Payment
from apps.platform.id_fields import optional_id_field, own_id_field


class SettlementLineRecord(models.Model):
    """A line of a provider's report. Amounts are in minor units; the fee may be in another currency.

    `named_payment_id` is the payment as the line names it, `payment` the one that was found.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=32)
    line_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in SettlementKind])
    reference = models.CharField(max_length=128)
    payment_reference = models.CharField(max_length=128)
    named_payment_id = optional_id_field(PaymentId)
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        related_name="settlement_lines",
        db_constraint=False,
        null=True,
    )
    gross_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_minor = models.BigIntegerField()
    fee_currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField()
    stored_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "settlement line"
        indexes: ClassVar = [
            models.Index(fields=["provider", "reference"], name="settlement_by_reference"),
            models.Index(fields=["booked_at"], name="settlement_by_time"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "line_id"], name="a_settlement_line_is_stored_once"
            ),
            models.CheckConstraint(
                condition=Q(gross_minor__gte=0), name="a_settled_amount_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in SettlementKind]),
                name="settlement_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.line_id}"


class SettlementDifference(models.Model):
    """Something that a provider's report and our ledger do not say alike. Amounts in minor units.

    `subject` is what it is about, such as `charge:ch_1`. It stays one row however often it is found.
    """

    id = own_id_field(DifferenceId)
    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in DifferenceKind])
    subject = models.CharField(max_length=300)
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        related_name="settlement_differences",
        db_constraint=False,
        null=True,
    )
    line = models.ForeignKey(
        SettlementLineRecord, on_delete=models.PROTECT, related_name="differences", null=True
    )
    expected_minor = models.BigIntegerField(null=True)
    expected_currency = models.CharField(max_length=3)
    found_minor = models.BigIntegerField(null=True)
    found_currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=16,
        choices=[(s.value, s.value) for s in DifferenceState],
        default=DifferenceState.OPEN,
    )
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(default="")
    reason = models.TextField(default="")

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("settle_settlementdifference", "Can say why a difference may stay"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["provider", "id"],
                condition=Q(state=DifferenceState.OPEN.value),
                name="difference_open",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "subject"], name="a_difference_is_found_once"
            ),
            models.CheckConstraint(
                condition=Q(state=DifferenceState.OPEN.value, closed_at=None)
                | Q(~Q(state=DifferenceState.OPEN.value), closed_at__isnull=False),
                name="a_closed_difference_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.subject} {self.kind}"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.state == DifferenceState.OPEN


class Reconciliation(models.Model):
    """How far the comparison with one provider has come: one row for each.

    `began_at` is when the last run began or last took in a page, `read_until` the end of the last period
    that was compared to its end, `problem` why the last run did not get there.
    """

    provider = models.CharField(max_length=32, primary_key=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    read_until = models.DateTimeField(null=True)
    problem = models.TextField(default="")

    def __str__(self) -> str:
        return self.provider
