"""The payment ledger, to look at: it is only ever added to."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.kernel.identifiers import PaymentId, read_id
from apps.payments.domain.accounts import Account
from apps.payments.models import LedgerEntry
from apps.platform.audit.deeds import name_actors
from apps.platform.backoffice.admin import ReadOnlyAdmin, recent
from apps.platform.backoffice.formatting import NOTHING, link, moment, money
from apps.platform.backoffice.panels import Table

ACCOUNTS = [one.value for one in Account]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """One entry: an amount that moved between two accounts."""

    list_display = ("made", "what", "from_account", "to_account", "amount", "payment_link")
    list_filter = (
        recent(field="from_account", title="from", choices=ACCOUNTS, time="at"),
        recent(field="to_account", title="to", choices=ACCOUNTS, time="at"),
    )
    list_filter_submit = True
    search_fields = ("payment_id",)
    search_help_text = "Id of a payment, exactly"
    ordering: ClassVar = ["-id"]
    fields = (*list_display, "operation_id", "settlement_line_id", "actor", "id")

    @admin.display(description="When")
    def made(self, entry: LedgerEntry) -> SafeString:
        """Show when it was made."""
        return moment(entry.at)

    @admin.display(description="Amount")
    def amount(self, entry: LedgerEntry) -> SafeString:
        """Show how much moved."""
        return money(entry.amount_minor, entry.currency)

    @admin.display(description="Payment")
    def payment_link(self, entry: LedgerEntry) -> SafeString:
        """Lead to the payment; a fee may belong to none."""
        if entry.payment_id is None:
            return NOTHING
        page = reverse("admin:payments_payment_change", args=[entry.payment_id])
        return link(page, f"…{str(entry.payment_id)[-8:]}")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        """Find the entries of a payment."""
        term = search_term.strip()
        if not term:
            return queryset, False
        payment_id = read_id(PaymentId, term)
        return queryset.filter(payment_id=payment_id) if payment_id else queryset.none(), False


def ledger_table(entries: Sequence[LedgerEntry]) -> Table:
    """List the entries of a payment, the oldest first."""
    names = name_actors(one.actor for one in entries)
    return Table(
        headings=("When", "What", "From", "To", "Amount", "Who"),
        numbers=frozenset({"Amount"}),
        rows=[
            (
                moment(one.at),
                one.what,
                one.from_account,
                one.to_account,
                money(one.amount_minor, one.currency),
                names[one.actor],
            )
            for one in entries
        ],
    )
