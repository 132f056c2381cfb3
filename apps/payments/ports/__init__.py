"""What payments needs from a provider."""

from apps.payments.ports.calls import (
    ALREADY_CAPTURED,
    NOT_OFFERED,
    UNPAID,
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    LockedOut,
    NothingHappened,
    NotKnown,
    NotMade,
    Outcome,
    OutcomeUnknown,
    Refused,
    Result,
)
from apps.payments.ports.gateway import PaymentGateway
from apps.payments.ports.messages import DisputeNews, MessageRefused, ProviderMessage, RefundNews
from apps.payments.ports.settlements import GIVEN_UP, ReportUnreadable, SettlementLine

__all__ = [
    "ALREADY_CAPTURED",
    "GIVEN_UP",
    "NOT_OFFERED",
    "UNPAID",
    "Accepted",
    "ActionRequired",
    "Declined",
    "DisputeNews",
    "Done",
    "GatewayCall",
    "GatewayMisused",
    "GatewayUnavailable",
    "LockedOut",
    "MessageRefused",
    "NotKnown",
    "NotMade",
    "NothingHappened",
    "Outcome",
    "OutcomeUnknown",
    "PaymentGateway",
    "ProviderMessage",
    "RefundNews",
    "Refused",
    "ReportUnreadable",
    "Result",
    "SettlementLine",
]
