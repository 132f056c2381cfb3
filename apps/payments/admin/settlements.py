"""What providers settled, to look at, with a picture of its days."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.payments.adapters.registry import GATEWAYS
from apps.payments.admin.differences import differences_table
from apps.payments.admin.searching import FoundByName
from apps.payments.admin.settlement_days import draw_days
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import (
    Payment,
    Reconciliation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.platform.backoffice.admin import recent
from apps.platform.backoffice.formatting import NOTHING, identifier, link, moment, money
from apps.platform.backoffice.panels import Panel, Table, TitledPanel


@admin.register(SettlementLineRecord)
class SettlementLineAdmin(FoundByName):
    """A line of a provider's report."""

    list_display = ("booked", "provider", "kind", "gross", "fee", "reference", "payment_link")
    list_filter = (
        recent(field="provider", title="provider", choices=tuple(GATEWAYS), time="booked_at"),
        recent(field="kind", title="kind", choices=tuple(SettlementKind), time="booked_at"),
    )
    search_fields = ("reference",)
    search_help_text = "The provider's id of a charge, refund or dispute, exactly"
    list_before_template = "payments/settlement_days.html"
    ordering: ClassVar = ["-id"]
    fields = (*list_display, "named", "payment_reference", "line_id", "stored", "id")

    @admin.display(description="Booked at")
    def booked(self, line: SettlementLineRecord) -> SafeString:
        """Show when the provider booked it."""
        return moment(line.booked_at)

    @admin.display(description="Taken in at")
    def stored(self, line: SettlementLineRecord) -> SafeString:
        """Show when we read it."""
        return moment(line.stored_at)

    @admin.display(description="Amount")
    def gross(self, line: SettlementLineRecord) -> SafeString:
        """Show what moved."""
        return money(line.gross_minor, line.currency)

    @admin.display(description="Fee")
    def fee(self, line: SettlementLineRecord) -> SafeString:
        """Show what the provider kept."""
        return money(line.fee_minor, line.fee_currency)

    @admin.display(description="Payment")
    def payment_link(self, line: SettlementLineRecord) -> SafeString:
        """Lead to the payment."""
        if line.payment is None:
            return NOTHING
        page = reverse("admin:payments_payment_change", args=[line.payment_id])
        return link(page, line.payment.order_number)

    @admin.display(description="Payment that the line names")
    def named(self, line: SettlementLineRecord) -> SafeString:
        """Show the payment's id as the line carries it: one that is not ours is another shop's."""
        return identifier(str(line.named_payment_id)) if line.named_payment_id else NOTHING

    def get_queryset(self, request: HttpRequest) -> QuerySet[SettlementLineRecord]:
        """Read the payments along."""
        found: QuerySet[SettlementLineRecord] = super().get_queryset(request)
        return found.select_related("payment")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above the list how far the comparison has come, and the last days."""
        above = {"runs": _runs(), "days": draw_days(timezone.now())}
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **above})
        return answer


def settlement_panels(
    payment: Payment, differences: Sequence[SettlementDifference]
) -> list[TitledPanel]:
    """Give what its provider reported of a payment, and what of that differs; none before it did."""
    lines = list(payment.settlement_lines.order_by("id"))
    if not lines and not differences:
        return []
    is_open = any(one.is_open for one in differences)
    return [
        TitledPanel(
            title="Settled by the provider",
            panel=Panel(
                alert="Report and ledger differ; finance has to look." if is_open else "",
                tables=(
                    *((differences_table(differences),) if differences else ()),
                    *((lines_table(lines),) if lines else ()),
                ),
            ),
        )
    ]


def lines_table(lines: Sequence[SettlementLineRecord]) -> Table:
    """List lines of reports, in the order that they are given in."""
    return Table(
        headings=("Booked", "What", "Amount", "Fee", "Reference"),
        numbers=frozenset({"Amount", "Fee"}),
        rows=[
            (
                moment(one.booked_at),
                one.kind.replace("_", " "),
                money(one.gross_minor, one.currency),
                money(one.fee_minor, one.fee_currency),
                identifier(one.reference),
            )
            for one in lines
        ],
    )


def _runs() -> Panel:
    return Panel(
        tables=(
            Table(
                headings=("Provider", "Compared", "Up to", "Problem of the last try"),
                rows=[
                    (
                        link(
                            reverse("admin:payments_reconciliation_change", args=[one.provider]),
                            one.provider,
                        ),
                        moment(one.ended_at),
                        moment(one.read_until),
                        one.problem,
                    )
                    for one in Reconciliation.objects.order_by("provider")
                ],
            ),
        )
    )
