"""Payments for customer service and finance: every call to a provider, and how it ended."""

from apps.payments.admin.differences import SettlementDifferenceAdmin
from apps.payments.admin.disputes import DisputeAdmin
from apps.payments.admin.documents import DocumentAdmin
from apps.payments.admin.ledger import LedgerEntryAdmin
from apps.payments.admin.messages import ProviderMessageAdmin, SandboxApprovalAdmin
from apps.payments.admin.operations import PaymentOperationAdmin

# For its side effect, and that of the story: each adds a panel to the order's page.
from apps.payments.admin.panels import show_payment
from apps.payments.admin.payments import PaymentAdmin
from apps.payments.admin.reconciliations import ReconciliationAdmin
from apps.payments.admin.series import DocumentSeriesAdmin
from apps.payments.admin.settlements import SettlementLineAdmin
from apps.payments.admin.story import show_payment_deeds

__all__ = [
    "DisputeAdmin",
    "DocumentAdmin",
    "DocumentSeriesAdmin",
    "LedgerEntryAdmin",
    "PaymentAdmin",
    "PaymentOperationAdmin",
    "ProviderMessageAdmin",
    "ReconciliationAdmin",
    "SandboxApprovalAdmin",
    "SettlementDifferenceAdmin",
    "SettlementLineAdmin",
    "show_payment",
    "show_payment_deeds",
]
