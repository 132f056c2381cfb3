"""The whole story of a payment: its calls, its money, what was heard of it, and what people did."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from apps.kernel.identifiers import OrderId
from apps.payments.admin.disputes import disputes_table
from apps.payments.admin.documents import documents_table
from apps.payments.admin.ledger import ledger_table
from apps.payments.admin.messages import messages_table
from apps.payments.admin.panels import (
    attention_of,
    dispute_alert_of,
    history_table,
    operations_table,
)
from apps.payments.admin.settlements import settlement_panels
from apps.payments.models import Payment, ProviderMessageRecord, SettlementDifference
from apps.payments.queries import list_documents
from apps.platform.audit.deeds import deeds_panel
from apps.platform.backoffice.panels import Panel, TitledPanel, Viewer, may_see, order_panel

SEES_DEEDS = "platform_audit.view_auditentry"


def story_panels(payment: Payment, *, viewer: Viewer) -> list[TitledPanel]:
    """Give the panels of a payment's page that the viewer may see, from top to bottom."""
    operations = list(payment.operations.order_by("id"))
    heard = list(_messages_about(payment))
    entries = list(payment.ledger.order_by("id"))
    disputes = list(payment.disputes.all())
    differences = list(payment.settlement_differences.all())
    documents = list_documents(payment.id)
    return [
        TitledPanel(
            title="Calls to the provider",
            panel=Panel(
                alert=attention_of(payment, operations),
                tables=(operations_table(operations, payment.currency),),
                note="" if operations else "No call was recorded yet.",
            ),
        ),
        *(
            [
                TitledPanel(
                    title="Disputes",
                    panel=Panel(
                        alert=dispute_alert_of(payment, disputes),
                        tables=(disputes_table(disputes, payment),),
                    ),
                )
            ]
            if disputes
            else []
        ),
        *settlement_panels(payment, differences),
        TitledPanel(
            title="Ledger",
            panel=Panel(
                tables=(ledger_table(entries),) if entries else (),
                note="" if entries else "No money was moved.",
            ),
        ),
        TitledPanel(
            title="Receipts and credit notes",
            panel=Panel(
                tables=(documents_table(documents),) if documents else (),
                note="" if documents else "Nothing has a number yet.",
            ),
        ),
        TitledPanel(
            title="History",
            panel=Panel(tables=(history_table(list(payment.history.all())),)),
        ),
        *(
            [
                TitledPanel(
                    title="Done by hand",
                    panel=_deeds_about(payment, differences, [one.id for one in heard]),
                )
            ]
            if may_see(viewer, SEES_DEEDS)
            else []
        ),
        TitledPanel(
            title="Messages from the provider",
            panel=Panel(
                tables=(messages_table(heard),),
                note="" if heard else "None was received.",
            ),
        ),
    ]


@order_panel("Done by hand with its payment", position=31, permission=SEES_DEEDS)
def show_payment_deeds(order_id: OrderId) -> Panel:
    """List what people did by hand with the payment of an order."""
    payment = Payment.objects.filter(order_id=order_id).first()
    if payment is None:
        return Panel(note="The payment was not asked for yet.")
    return _deeds_about(
        payment,
        payment.settlement_differences.all(),
        _messages_about(payment).values_list("id", flat=True),
    )


def _deeds_about(
    payment: Payment,
    differences: Iterable[SettlementDifference],
    heard: Iterable[int],
) -> Panel:
    # What is done to a call or a dispute is written down as done to its payment.
    return deeds_panel(
        {
            "payment": [payment.id],
            "settlement_difference": [one.id for one in differences],
            "provider_message": list(heard),
        }
    )


def _messages_about(payment: Payment) -> QuerySet[ProviderMessageRecord]:
    about = Q(payment_id=payment.id)
    if payment.authorization:
        about |= Q(provider=payment.provider, reference=payment.authorization)
    return ProviderMessageRecord.objects.filter(about).order_by("id")
