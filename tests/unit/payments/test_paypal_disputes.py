"""What PayPal's messages say of disputes."""

import json
from typing import Any

import pytest

from apps.payments.adapters.paypal.messages import read_event
from apps.payments.ports import DisputeNews


def read(event: str, **changes: Any) -> DisputeNews | None:
    resource = {
        "dispute_id": "PP-D-1",
        "reason": "UNAUTHORISED",
        "dispute_amount": {"currency_code": "EUR", "value": "129.90"},
        "disputed_transactions": [{"seller_transaction_id": "CAPTURE1"}],
        **changes,
    }
    body = {"id": "WH-1", "event_type": event, "resource": resource}
    return read_event(json.dumps(body).encode()).dispute


@pytest.mark.parametrize(
    ("event", "outcome", "state"),
    [
        ("CUSTOMER.DISPUTE.CREATED", "", "opened"),
        ("CUSTOMER.DISPUTE.UPDATED", "", "opened"),
        ("CUSTOMER.DISPUTE.RESOLVED", "RESOLVED_BUYER_FAVOUR", "lost"),
        ("CUSTOMER.DISPUTE.RESOLVED", "RESOLVED_SELLER_FAVOUR", "won"),
        ("CUSTOMER.DISPUTE.RESOLVED", "CANCELED_BY_BUYER", "won"),
        ("CUSTOMER.DISPUTE.RESOLVED", "SOMETHING_NEW", "opened"),
    ],
)
def test_a_dispute_is_read(event: str, outcome: str, state: str) -> None:
    dispute = read(event, dispute_outcome={"outcome_code": outcome})
    assert dispute is not None
    assert (dispute.reference, dispute.state) == ("PP-D-1", state)
    assert (dispute.amount_minor, dispute.reason) == (12990, "unauthorised")


@pytest.mark.parametrize(
    "amount",
    [{}, {"currency_code": "EUR", "value": "much"}, {"currency_code": "E\0R", "value": "1"}],
)
def test_a_dispute_without_a_sum_is_over_nothing(amount: dict[str, str]) -> None:
    dispute = read("CUSTOMER.DISPUTE.CREATED", dispute_amount=amount)
    assert dispute is not None
    assert (dispute.amount_minor, dispute.currency.isprintable()) == (0, True)


def test_other_messages_tell_of_none() -> None:
    assert read("PAYMENT.CAPTURE.COMPLETED", id="CAPTURE1") is None
