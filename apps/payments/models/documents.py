"""Receipts and credit notes, and the counters of their series."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.payments.domain.documents import DocumentKind, number_of
from apps.payments.models.ledger import LedgerEntry
from apps.payments.models.payment import Payment


class DocumentSeries(models.Model):
    """A run of numbers without a gap, such as R-2026; `last` is the one given last."""

    series = models.CharField(max_length=16, primary_key=True)
    last = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["series"]
        verbose_name_plural = "document series"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last__gt=0), name="a_series_has_begun")
        ]

    def __str__(self) -> str:
        return self.series


class Document(models.Model):
    """The numbered document of one movement of money. Rows are only ever added.

    `nth` is its place in its series. `cancels` is the movement that did not last, whose document
    this one takes back: a number is never deleted, and never given again. `moved_at` is when the
    money moved, `issued_at` when that got its number. The amount is in minor units.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=16)
    nth = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in DocumentKind])
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="document")
    cancels = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="documents", db_constraint=False
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    moved_at = models.DateTimeField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "nth"], name="a_number_is_given_once"),
            models.CheckConstraint(condition=Q(nth__gt=0), name="numbers_of_a_series_begin_at_one"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="a_document_is_about_an_amount"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in DocumentKind]),
                name="document_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """Its number, such as R-2026-000001."""
        return number_of(self.series, self.nth)
