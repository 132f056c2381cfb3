"""What a provider reports of the money it settled."""

from dataclasses import dataclass
from datetime import datetime

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports.calls import GatewayUnavailable

GIVEN_UP = "givenUp"
"""What the facts of an announced report hold besides once somebody has said that it will not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """One line of what a provider settled.

    `line_id` names it for ever in the provider's reports. `reference` is what the provider calls the
    movement, as it called it when we asked for it; `payment_reference` its name for the payment, or
    for the charge that a refund or dispute is about; `payment_id` is ours, where the line carries
    it, and `operation_id` our call that asked for the movement, likewise. `gross` is what moved
    between customer and provider, never negative, in the currency of the payment; `fee` what the provider kept, in the currency in which it keeps it, negative where it
    gave a fee back.
    """

    line_id: str
    kind: SettlementKind
    reference: str
    payment_reference: str
    payment_id: PaymentId | None
    gross: Money
    fee: Money
    booked_at: datetime
    operation_id: OperationId | None = None


class NothingAnnounced(GatewayUnavailable):
    """The provider announces its reports, and has announced none of ours in the period: where no money
    went through its hands, there is none to announce."""


class ReportUnreadable(Exception):
    """What is said to be a provider's report is none, or holds something that cannot be read exactly."""
