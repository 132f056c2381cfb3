"""Tables of payments."""

from apps.payments.models.documents import Document, DocumentSeries
from apps.payments.models.ledger import LedgerEntry
from apps.payments.models.news import (
    ANNOUNCES_REPORT,
    CANNOT_BE_HANDLED,
    UNMATCHED,
    Dispute,
    ProviderMessageRecord,
)
from apps.payments.models.operation import PaymentOperation
from apps.payments.models.payment import Payment, PaymentStatus, PaymentStep
from apps.payments.models.sandbox import SandboxApproval
from apps.payments.models.settlement import (
    Reconciliation,
    SettlementDifference,
    SettlementLineRecord,
)

__all__ = [
    "ANNOUNCES_REPORT",
    "CANNOT_BE_HANDLED",
    "UNMATCHED",
    "Dispute",
    "Document",
    "DocumentSeries",
    "LedgerEntry",
    "Payment",
    "PaymentOperation",
    "PaymentStatus",
    "PaymentStep",
    "ProviderMessageRecord",
    "Reconciliation",
    "SandboxApproval",
    "SettlementDifference",
    "SettlementLineRecord",
]
