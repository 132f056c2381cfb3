"""Receipts and credit notes, to look at: they are numbered by themselves and never changed."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.payments.domain.documents import parts_of
from apps.payments.models import Document
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import NOTHING, link, moment, money
from apps.platform.backoffice.panels import Table


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """One receipt or credit note."""

    list_display = ("number", "kind", "amount", "moved", "issued", "cancels_number", "payment_link")
    list_filter = ("kind",)
    list_filter_submit = True
    search_fields = ("series",)
    search_help_text = "Number of a document or of a series, exactly"
    ordering: ClassVar = ["-id"]
    fields = (*list_display, "entry_id", "id")

    @admin.display(description="Number")
    def number(self, document: Document) -> str:
        """Show the number."""
        return document.number

    @admin.display(description="Amount")
    def amount(self, document: Document) -> SafeString:
        """Show what it is about."""
        return money(document.amount_minor, document.currency)

    @admin.display(description="Money moved at")
    def moved(self, document: Document) -> SafeString:
        """Show when the money moved."""
        return moment(document.moved_at)

    @admin.display(description="Numbered at")
    def issued(self, document: Document) -> SafeString:
        """Show when it got its number."""
        return moment(document.issued_at)

    @admin.display(description="Cancels")
    def cancels_number(self, document: Document) -> str | SafeString:
        """Name the document that it takes back."""
        return _cancelled(document) or NOTHING

    @admin.display(description="Payment")
    def payment_link(self, document: Document) -> SafeString:
        """Lead to the payment."""
        page = reverse("admin:payments_payment_change", args=[document.payment_id])
        return link(page, document.payment.order_number)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Read the payments along, and the documents that are cancelled."""
        found: QuerySet[Document] = super().get_queryset(request)
        return found.select_related("payment", "cancels__document")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """Find a document by its number, or all of a series."""
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        parts = parts_of(term)
        if parts is None:
            return queryset.none(), False
        if queryset.filter(series=term).exists():
            return queryset.filter(series=term), False
        return queryset.filter(series=parts[0], nth=parts[1]), False


def documents_table(documents: Sequence[Document]) -> Table:
    """List documents in the order in which they are given."""
    return Table(
        headings=("Number", "Kind", "Amount", "Money moved", "Numbered", "Cancels"),
        numbers=frozenset({"Amount"}),
        rows=[
            (
                one.number,
                one.kind.replace("_", " "),
                money(one.amount_minor, one.currency),
                moment(one.moved_at),
                moment(one.issued_at),
                _cancelled(one),
            )
            for one in documents
        ],
    )


def _cancelled(document: Document) -> str:
    cancelled = getattr(document.cancels, "document", None)
    return cancelled.number if cancelled else ""
