"""What PayPal's messages say of disputes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.payments.adapters.paypal.messages import read_event
from apps.payments.domain.disputes import DisputeState
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


def test_a_dispute_in_yen_is_read_with_the_noughts_that_yen_do_not_have() -> None:
    dispute = read(
        "CUSTOMER.DISPUTE.CREATED", dispute_amount={"currency_code": "JPY", "value": "100.00"}
    )
    assert dispute is not None
    assert (dispute.amount_minor, dispute.currency) == (100, "JPY")


@pytest.mark.parametrize("gap", [None, 7, [], {"value": None, "outcome_code": None}])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("reason", {"reason": ""}),
        ("dispute_amount", {"amount_minor": 0, "currency": ""}),
        ("dispute_outcome", {}),
        ("disputed_transactions", {}),
        ("custom_id", {}),
        ("purchase_units", {}),
        ("supplementary_data", {}),
        ("dispute_id", {"reference": ""}),
    ],
)
def test_a_dispute_with_a_gap_is_read_for_the_rest(
    name: str, changes: dict[str, Any], gap: object
) -> None:
    whole = {"reference": "PP-D-1", "amount_minor": 12990, "currency": "EUR"}
    told = {"reason": "unauthorised", "state": DisputeState.OPENED, **whole, **changes}
    assert read("CUSTOMER.DISPUTE.CREATED", **{name: gap}) == DisputeNews(**told)


@pytest.mark.parametrize("transaction", [None, "CAPTURE1", {"custom": None}])
def test_a_dispute_of_odd_transactions_is_read(transaction: object) -> None:
    dispute = read("CUSTOMER.DISPUTE.CREATED", disputed_transactions=[transaction])
    assert dispute is not None
    assert dispute.amount_minor == 12990


@pytest.mark.parametrize("gap", [{}, {"resource": None}, {"resource": {"amount": None}}])
def test_a_message_about_nothing_is_read(gap: dict[str, Any]) -> None:
    body = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.REFUNDED", **gap}
    message = read_event(json.dumps(body).encode())
    assert (message.event_id, message.payment_id, message.refund) == ("WH-1", None, None)


def test_other_messages_tell_of_none() -> None:
    assert read("PAYMENT.CAPTURE.COMPLETED", id="CAPTURE1") is None


@pytest.mark.parametrize(
    ("time", "happened_at"),
    [
        ("2026-11-27T12:00:00.780Z", datetime(2026, 11, 27, 12, 0, 0, 780_000, tzinfo=UTC)),
        ("2026-11-27T12:00:00", None),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_a_reversal_is_read_as_what_a_bank_holds(
    time: object, happened_at: datetime | None
) -> None:
    resource = {"id": "CAPTURE1", "amount": {"currency_code": "EUR", "value": "129.90"}}
    body = {
        "id": "WH-1",
        "event_type": "PAYMENT.CAPTURE.REVERSED",
        "create_time": time,
        "resource": resource,
    }
    assert read_event(json.dumps(body).encode()).dispute == DisputeNews(
        reference="CAPTURE1",
        state=DisputeState.OPENED,
        amount_minor=12990,
        reason="reversed by the payer's bank",
        currency="EUR",
        is_reversal=True,
        happened_at=happened_at,
    )
