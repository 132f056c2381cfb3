"""Calls to providers, recorded before they are made."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OPEN_STATES, OperationKind, OperationState
from apps.payments.models.payment import Payment
from apps.platform.id_fields import own_id_field


class PaymentOperation(models.Model):
    """One call to a provider, recorded before it is made; the `nth` of its kind for the payment.

    `token` fences: only the worker that holds the newest one may record an outcome. `gate` names
    the breaker and bulkhead it goes through. One that `only_looks` asks whether a call was made at
    the provider without us; it is never made. `error_code` is ours, `provider_code` what the
    provider itself said when it declined. Who and what led to it is kept for the events.
    """

    id = own_id_field(OperationId)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="operations")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in OperationKind])
    provider = models.CharField(max_length=32)
    gate = models.CharField(max_length=48)
    amount_minor = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=128)
    nth = models.IntegerField(default=1, db_default=1)
    state = models.CharField(
        max_length=16,
        default=OperationState.PENDING,
        choices=[(s.value, s.value) for s in OperationState],
    )
    only_looks = models.BooleanField(default=False, db_default=False)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    token = models.IntegerField(default=0)
    reference = models.TextField(default="")
    error_code = models.CharField(max_length=64, default="")
    error_detail = models.TextField(default="")
    provider_code = models.CharField(max_length=64, default="", db_default="")
    actor = models.TextField()
    correlation_id = models.UUIDField()
    causation_id = models.TextField()
    region = models.CharField(max_length=32)
    trace_context = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        permissions: ClassVar = [
            (
                "settle_paymentoperation",
                "Can say how a call ended that its provider is silent about",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["gate", "next_at"],
                condition=Q(state__in=[state.value for state in OPEN_STATES]),
                name="open_operation_by_time",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["idempotency_key"], name="an_operation_has_a_key_of_its_own"
            ),
            models.UniqueConstraint(
                fields=["payment", "kind"],
                condition=Q(state__in=[state.value for state in OPEN_STATES]),
                name="one_open_operation_of_a_kind_per_payment",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="an_operation_amount_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether its outcome is still to come."""
        return self.state in OPEN_STATES

    @property
    def is_asked_for_again(self) -> bool:
        """Whether somebody wanted it looked up while a worker was at it.

        A claim makes it due when its lease ends; whoever asks makes it due before, or ends the lease.
        """
        return self.state == OperationState.IN_FLIGHT and (
            self.lease_until is None or self.next_at < self.lease_until
        )
