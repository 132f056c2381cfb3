"""News of a call whose answer has told the same already."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import Accepted, Done
from apps.payments.services.claim_operations import claim_operations
from apps.payments.services.handle_messages import handle_messages
from tests.integration.payments.story import ACTION, DONE, ask, authorizing, hear, message

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=5)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def charging(now: datetime) -> tuple[Payment, PaymentOperation]:
    """Store an authorised payment of which a capture is asked for."""
    payment, operation = authorizing(now)
    hear(operation, DONE, now)
    return payment, ask(payment, OperationKind.CAPTURE, now)


def told(payment: Payment, now: datetime, named: str, **more: object) -> ProviderMessageRecord:
    """Store the news that the call of this name was done."""
    record = message(payment, now, event_id=f"news of {named}")
    record.reference, record.was_done = named, True
    for name, value in more.items():
        setattr(record, name, value)
    record.save()
    return record


class TestNewsOfWhatIsKnown:
    def test_has_nothing_else_looked_up(self, now: datetime) -> None:
        payment, capture = charging(now)
        hear(capture, Accepted(reference="mod_1"), now)
        capture.refresh_from_db()
        due = capture.next_at
        record = told(payment, now, "pi_1")
        handle_messages(now=now)
        record.refresh_from_db()
        capture.refresh_from_db()
        assert record.handled_at == now
        assert (capture.state, capture.next_at) == ("waiting", due)

    def test_waits_for_no_call_that_is_under_way(self, now: datetime) -> None:
        payment, _ = charging(now)
        assert claim_operations(gate="stripe", at_most=5)
        record = told(payment, now, "pi_1")
        handle_messages(now=now)
        record.refresh_from_db()
        assert (record.handled_at, record.attempts) == (now, 1)

    @pytest.mark.parametrize(
        "more",
        [
            {"was_done": False},
            {"was_done": None},
            {"call_reference": "mod_1"},
            {"reference": "pi_2"},
            {"is_setback": True},
        ],
    )
    def test_is_not_what_says_something_else(self, more: dict[str, object], now: datetime) -> None:
        payment, capture = charging(now)
        hear(capture, Accepted(reference="mod_1"), now)
        told(payment, now, "pi_1", **more)
        handle_messages(now=now)
        capture.refresh_from_db()
        assert capture.next_at == now

    def test_is_not_news_of_another_payment_of_that_name(self, now: datetime) -> None:
        charging(now)
        other, operation = authorizing(now)
        hear(operation, ACTION, now)
        told(other, now, "pi_1")
        handle_messages(now=now)
        operation.refresh_from_db()
        assert (operation.state, operation.next_at) == ("waiting", now)

    def test_of_a_charge_that_is_made_leaves_a_refund_alone(self, now: datetime) -> None:
        payment, capture = charging(now)
        payment = hear(capture, Done(reference="ch_1"), now)
        refund = ask(payment, OperationKind.REFUND, now + LATER)
        hear(refund, Accepted(reference="re_1"), now)
        refund.refresh_from_db()
        due = refund.next_at
        told(payment, now, "pi_1", call_reference="ch_1")
        handle_messages(now=now)
        refund.refresh_from_db()
        assert refund.next_at == due
