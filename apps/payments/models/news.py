"""What providers tell us of their own accord."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import DisputeId
from apps.payments.domain.operations import OperationKind
from apps.payments.models.payment import Payment
from apps.platform.id_fields import optional_id_field, own_id_field

ANNOUNCES_REPORT = Q(reference="", payment_id=None) & ~Q(facts={})
"""Messages about no payment of which something is kept: all there is to know is where a report lies."""
CANNOT_BE_HANDLED = Q(handled_at=None) & ~Q(failure="")
"""Messages whose last try ended with an error; those that only wait for their payment had none."""
UNMATCHED = Q(is_unmatched=True)
"""Messages whose payment was waited for until nobody expected it any more, or that never named one."""


class ProviderMessageRecord(models.Model):
    """A provider's webhook, stored before it is answered; the same message is stored once.

    `payment_id` is the payment it was matched to, or names itself. `is_setback` says that something
    which had succeeded may not have lasted, `setback_of` which kind of call that was, and is empty in
    rows of before that was kept. `facts` is what the adapter wants to know of it when it
    looks up a call, `dispute` what it says of a dispute, `refund` of a refund that was made, `was_done`
    whether the call that it names was carried out, where it says so. `failure` is the kind of error that
    the last try to handle it ended with, empty where it did not fail. `given_up_at` is when somebody said
    that nothing more is to be tried: a report will not come, or the message cannot be handled.
    `is_unmatched` says that it was put aside because it is about no payment of ours.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=128)
    kind = models.TextField()
    reference = models.TextField()
    payment_id = optional_id_field(PaymentId)
    is_setback = models.BooleanField(default=False, db_default=False)
    setback_of = models.CharField(
        max_length=16,
        choices=[(k.value, k.value) for k in OperationKind],
        default="",
        db_default="",
    )
    call_reference = models.TextField(default="", db_default="")
    facts = models.JSONField(default=dict, db_default={})
    dispute = models.JSONField(null=True)
    refund = models.JSONField(null=True)
    was_done = models.BooleanField(null=True)
    received_at = models.DateTimeField()
    next_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    handled_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=64, default="", db_default="")
    given_up_at = models.DateTimeField(null=True)
    is_unmatched = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = "provider message"
        permissions: ClassVar = [
            (
                "settle_providermessagerecord",
                "Can say that nothing more is to be tried with a message",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], condition=Q(handled_at=None), name="message_to_handle"
            ),
            models.Index(fields=["reference"], name="message_by_reference"),
            models.Index(fields=["payment_id"], name="message_by_payment"),
            models.Index(
                fields=["id"], condition=Q(is_unmatched=True), name="message_without_payment"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="a_provider_message_is_stored_once"
            ),
            models.CheckConstraint(
                condition=Q(is_unmatched=False) | Q(handled_at__isnull=False),
                name="an_unmatched_message_waits_for_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"

    @property
    def cannot_be_handled(self) -> bool:
        """Whether the last try failed, see `CANNOT_BE_HANDLED`."""
        return self.handled_at is None and self.failure != ""

    @property
    def is_about_charge(self) -> bool:
        """Whether it says that a charge went back, which was made before, or nothing could have."""
        return self.refund is not None or bool(self.dispute and self.dispute.get("is_reversal"))

    @property
    def announces_report(self) -> bool:
        """Whether it says that a report can be fetched, see `ANNOUNCES_REPORT`."""
        return self.payment_id is None and not self.reference and bool(self.facts)


class Dispute(models.Model):
    """A charge that the customer's bank took back, or may; the provider decides who is right.

    `is_by_hand` where a person said how it ended, because the provider does not. `is_reversal` where
    the provider says that the money was taken, and has told of no dispute yet that it was taken for:
    its amount is what no dispute tells of, and what is taken again later has a row of its own. `taken`
    is what a dispute tells of itself: minor units by the reference of the reversal and, after a blank, when
    it was heard of (a row of before that was kept has no such time).
    """

    id = own_id_field(DisputeId)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider = models.CharField(max_length=32)
    reference = models.CharField(max_length=128)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="", db_default="")
    reason = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in DisputeState])
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    is_by_hand = models.BooleanField(default=False, db_default=False)
    is_reversal = models.BooleanField(default=False, db_default=False)
    taken = models.JSONField(default=dict, db_default={})

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("settle_dispute", "Can say how a dispute ended that its provider is silent about"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "reference"],
                condition=Q(is_reversal=False),
                name="a_dispute_is_known_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    def currency_of(self, payment: Payment) -> str:
        """Give the currency of the amount; a dispute that says none is in that of its payment."""
        return self.currency or payment.currency

    @property
    def untaken_minor(self) -> int:
        """Give how much of it no reversal was told of, in its own currency."""
        return self.amount_minor - sum(int(part) for part in self.taken.values())

    def tell_of(self, reference: str, part_minor: int, *, heard_at: datetime) -> None:
        """Count a part of a reversal, heard of at an instant, by this dispute from now on; the caller saves."""
        name = f"{reference} {heard_at.isoformat()}"
        self.taken[name] = self.taken.get(name, 0) + part_minor

    def known_minor(self, reference: str, since: datetime | None = None) -> int:
        """Give how much of a reversal it counts, be it one or a dispute that tells of it.

        With `since`, only what was heard of after that.
        """
        if self.is_reversal:
            parts = [(self.reference, self.opened_at, self.amount_minor)]
        else:
            parts = [(*self._heard(name), int(part)) for name, part in self.taken.items()]
        return sum(
            part
            for told, heard_at, part in parts
            if told == reference and (since is None or heard_at > since)
        )

    def _heard(self, name: str) -> tuple[str, datetime]:
        reference, blank, heard_at = name.rpartition(" ")
        try:
            return (
                (reference, datetime.fromisoformat(heard_at)) if blank else (name, self.opened_at)
            )
        except ValueError:
            return name, self.opened_at
