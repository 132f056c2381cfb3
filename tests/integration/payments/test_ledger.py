"""The payment ledger: every movement of money is an entry, and none is ever changed."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import LedgerEntry, Payment, PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.services.operations import new_operation
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_payments import undo_payments
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, authorizing, captured, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def entries(payment: Payment) -> list[tuple[str, str, str, int]]:
    return list(
        LedgerEntry.objects.filter(payment_id=payment.id)
        .order_by("id")
        .values_list("what", "from_account", "to_account", "amount_minor")
    )


AUTHORISED = ("Authorised", "customer", "authorised", 100)
CAPTURED = ("Captured", "authorised", "provider", 100)


class TestEntries:
    def test_tell_what_was_authorised_charged_and_given_back(self, now: datetime) -> None:
        payment = captured(now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        refund = PaymentOperation.objects.get(kind="refund")
        hear(refund, Done(reference="re_1"), now)
        assert entries(payment) == [
            AUTHORISED,
            CAPTURED,
            ("Refunded", "provider", "customer", 100),
        ]
        last = LedgerEntry.objects.latest("id")
        assert (last.operation_id, last.currency) == (refund.id, "EUR")
        assert last.actor == refund.actor

    def test_tell_what_was_let_go(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        undo_payments(causes={payment.order_id: make_cause()}, now=now)
        hear(PaymentOperation.objects.get(kind="void"), DONE, now)
        assert entries(payment) == [AUTHORISED, ("Voided", "authorised", "customer", 100)]

    def test_let_go_what_a_smaller_charge_leaves(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        capture = new_operation(
            payment, OperationKind.CAPTURE, amount_minor=60, cause=make_cause(), now=now
        )
        capture.save()
        hear(capture, Done(reference="ch_1"), now)
        assert entries(payment)[1:] == [
            ("Captured", "authorised", "provider", 60),
            ("Released", "authorised", "customer", 40),
        ]

    def test_are_added_where_something_did_not_last(self, now: datetime) -> None:
        payment = captured(now)
        review_setbacks(about={payment.id: ()}, now=now)
        capture = PaymentOperation.objects.get(kind="capture")
        assert entries(payment)[2:] == [("Capture in doubt", "provider", "authorised", 100)]
        hear(capture, Declined(code="capture_failed", detail="No."), now)
        assert len(entries(payment)) == 3

    def test_count_a_fact_once(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, DONE, now)
        hear(operation, DONE, now)
        assert entries(payment) == [AUTHORISED]

    def test_tell_nothing_of_a_decline(self, now: datetime) -> None:
        payment, operation = authorizing(now)
        hear(operation, Declined(code="card_declined", detail="No."), now)
        assert entries(payment) == []


class TestTheTable:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: LedgerEntry.objects.update(amount_minor=1),
            lambda: LedgerEntry.objects.all()._raw_delete("default"),
        ],
    )
    def test_takes_no_change(self, now: datetime, change: Callable[[], object]) -> None:
        captured(now)
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            change()
        assert LedgerEntry.objects.count() == 2
