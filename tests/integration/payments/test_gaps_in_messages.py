"""Messages that are signed as they should be, and lack or garble a part of what they tell."""

import json
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.refusals import WebhookRefused
from apps.payments.models import ProviderMessageRecord
from apps.payments.services.receive_messages import receive_messages
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.integration.payments.stripe_messages import receive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("stripe_in_use")
@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"reason": "fr\0aud"}, ("fraud", "EUR", 5)),
        ({"currency": "e\0r"}, ("fraudulent", "ER", 0)),
        ({"reason": None}, ("", "EUR", 5)),
        ({"currency": None}, ("fraudulent", "", 0)),
        ({"currency": 7}, ("fraudulent", "7", 0)),
        ({"amount": None}, ("fraudulent", "EUR", 0)),
        ({"status": None}, ("fraudulent", "EUR", 5)),
        ({"payment_intent": None}, ("fraudulent", "EUR", 5)),
        ({"metadata": None}, ("fraudulent", "EUR", 5)),
        ({"amount": "much"}, ("fraudulent", "EUR", 0)),
    ],
)
def test_what_no_table_takes_of_a_dispute_is_left_out(
    told: dict[str, object], kept: tuple[str, str, int]
) -> None:
    dispute = {"object": "dispute", "id": "du_1", "status": "lost", "reason": "fraudulent"}
    receive({**dispute, "amount": 5, "currency": "eur", **told}, timezone.now())
    news = ProviderMessageRecord.objects.get().dispute or {}
    assert (news["reason"], news["currency"], news["amount_minor"]) == kept


@pytest.mark.usefixtures("stripe_in_use")
@pytest.mark.parametrize("name", [{}, {"id": None}, {"id": 7}, {"id": ""}])
@pytest.mark.parametrize(
    "about", [{"object": "dispute", "status": "lost"}, {"object": "refund", "status": "succeeded"}]
)
def test_what_has_no_name_is_refused(about: dict[str, str], name: dict[str, object]) -> None:
    with pytest.raises(WebhookRefused):
        receive({**about, "amount": 5, "currency": "eur", **name}, timezone.now())
    assert not ProviderMessageRecord.objects.exists()


@pytest.mark.usefixtures("stripe_in_use")
@pytest.mark.parametrize("about", [None, {}, {"object": None}])
def test_what_is_about_nothing_is_stored(about: dict[str, Any] | None) -> None:
    receive(about, timezone.now())
    kept = ProviderMessageRecord.objects.get()
    assert (kept.reference, kept.dispute, kept.refund) == ("", None, None)


@pytest.mark.parametrize(
    ("gap", "amount_minor", "reason"),
    [
        ("reason", 500, ""),
        ("dispute_amount", 0, "unauthorised"),
        ("dispute_outcome", 500, "unauthorised"),
        ("disputed_transactions", 500, "unauthorised"),
    ],
)
def test_a_dispute_of_paypals_is_stored_with_its_gaps(
    paypal: SimulatedPayPal, gap: str, amount_minor: int, reason: str
) -> None:
    receive_from_paypal(paypal, **{gap: None})
    news = ProviderMessageRecord.objects.get().dispute or {}
    assert (news["reference"], news["amount_minor"], news["reason"]) == (
        "PP-D-1",
        amount_minor,
        reason,
    )


def test_a_dispute_of_paypals_without_a_name_is_refused(paypal: SimulatedPayPal) -> None:
    with pytest.raises(WebhookRefused):
        receive_from_paypal(paypal, dispute_id=None)
    assert not ProviderMessageRecord.objects.exists()


def receive_from_paypal(paypal: SimulatedPayPal, **changes: Any) -> None:
    """Have a dispute of PayPal's stored, signed as PayPal signs."""
    resource = {
        "dispute_id": "PP-D-1",
        "reason": "UNAUTHORISED",
        "dispute_amount": {"currency_code": "EUR", "value": "5.00"},
        "dispute_outcome": {"outcome_code": "DENIED"},
        "disputed_transactions": [{"seller_transaction_id": "CAPTURE1", "custom": None}],
        **changes,
    }
    told = {"id": "WH-1", "event_type": "CUSTOMER.DISPUTE.CREATED", "resource": resource}
    body, now = json.dumps(told).encode(), timezone.now()
    headers = paypal.headers_for(body, now)
    receive_messages(provider="paypal", body=body, headers=headers, now=now)
