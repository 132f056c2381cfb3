"""The payment ledger."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.payments.domain.accounts import Account
from apps.payments.domain.identifiers import OperationId
from apps.payments.models.payment import Payment
from apps.platform.id_fields import optional_id_field

ACCOUNTS = [(account.value, account.value) for account in Account]


class LedgerEntry(models.Model):
    """An amount that moved from one account to another. Rows are only ever added.

    One row holds both sides, so the books balance by construction. The amount is in minor units and
    positive; what is undone is an entry the other way. A fee names the line of the provider's
    report; it may belong to no payment, and be in another currency than its payment.
    """

    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="ledger", db_constraint=False, null=True
    )
    operation_id = optional_id_field(OperationId)
    settlement_line_id = models.BigIntegerField(null=True)
    what = models.TextField()
    from_account = models.CharField(max_length=16, choices=ACCOUNTS)
    to_account = models.CharField(max_length=16, choices=ACCOUNTS)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "ledger entries"
        # Rows lie in the order of their time, so that an index of page ranges does, at no cost.
        indexes: ClassVar = [BrinIndex(fields=["at"], name="entry_by_time", autosummarize=True)]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="a_ledger_entry_moves_something"
            ),
            models.CheckConstraint(
                condition=~Q(from_account=F("to_account")), name="a_ledger_entry_has_two_sides"
            ),
            models.CheckConstraint(
                condition=Q(
                    from_account__in=[account.value for account in Account],
                    to_account__in=[account.value for account in Account],
                ),
                name="ledger_accounts_are_known",
            ),
            models.UniqueConstraint(
                fields=["settlement_line_id"],
                condition=Q(settlement_line_id__isnull=False),
                name="the_fee_of_a_line_is_booked_once",
            ),
            models.CheckConstraint(
                condition=Q(payment__isnull=False) | Q(settlement_line_id__isnull=False),
                name="a_ledger_entry_has_a_payment_or_a_line",
            ),
        ]

    def __str__(self) -> str:
        return self.what
