"""Charges that payers dispute, and how PayPal decides on them."""

import time
from typing import Any

from msgspec.structs import replace

from infra.simulators.paypal.books import new_name
from infra.simulators.paypal.documents import written
from infra.simulators.paypal.objects import SELLERS, Dispute, Event, Order
from infra.simulators.paypal.payments import capture_named
from infra.simulators.paypal.refusals import missing

OUTCOMES = {"won": SELLERS, "lost": "RESOLVED_BUYER_FAVOUR"}
"""How PayPal says for whom it has decided, by how the shop would say it."""


def opened(order: Order, capture_id: str, *, reason: str) -> tuple[Dispute, Order]:
    """Have the payer dispute all of a charge; gives the order as it stands after it.

    Raises:
        Refusal: nothing was charged under that name, or it is disputed already.
    """
    capture = capture_named(order, capture_id)
    if capture.has_failed or any(one.capture_id == capture_id for one in order.disputes):
        raise missing()
    now = int(time.time())
    dispute = Dispute(
        id=f"PP-D-{capture.id[:8]}",
        capture_id=capture.id,
        minor=capture.minor,
        created=now,
        updated=now,
        reason=reason,
        is_of_reversal=order.is_reversed(capture),
    )
    return dispute, replace(order, disputes=(*order.disputes, dispute))


def decided(order: Order, name: str, *, status: str) -> tuple[Dispute, Order]:
    """Have PayPal decide on a dispute, `won` or `lost` for the shop.

    Raises:
        Refusal: there is no such dispute, it is decided, or cannot be decided so.
    """
    known = next((one for one in order.disputes if one.id == name), None)
    if known is None or known.outcome_code or status not in OUTCOMES:
        raise missing()
    dispute = replace(known, outcome_code=OUTCOMES[status], updated=int(time.time()))
    others = (one for one in order.disputes if one.id != name)
    return dispute, replace(order, disputes=(*others, dispute))


def event_of(dispute: Dispute, order: Order) -> Event:
    """Give what PayPal tells of a dispute: that it is there, or how it was decided."""
    is_over = bool(dispute.outcome_code)
    resource: dict[str, Any] = {
        "dispute_id": dispute.id,
        "status": "RESOLVED" if is_over else "OPEN",
        "reason": dispute.reason,
        "dispute_amount": {
            "currency_code": order.currency,
            "value": written(dispute.minor, order.currency),
        },
        "disputed_transactions": [
            {
                "seller_transaction_id": dispute.capture_id,
                "invoice_number": order.invoice_id,
                "custom": order.custom_id,
                "buyer": {"name": "A Simulated Payer"},
            }
        ],
    }
    if is_over:
        resource["dispute_outcome"] = {"outcome_code": dispute.outcome_code}
    return Event(
        id=f"WH-{new_name()}-{new_name()}",
        type=f"CUSTOMER.DISPUTE.{'RESOLVED' if is_over else 'CREATED'}",
        resource_type="dispute",
        created=dispute.updated,
        resource=resource,
    )
