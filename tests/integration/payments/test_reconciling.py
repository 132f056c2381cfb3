"""What a provider settled against the ledger: what agrees, and what is a difference."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.kernel.identifiers import PaymentId, id_at
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import (
    Dispute,
    Payment,
    PaymentOperation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.ports import Done
from apps.payments.services.note_disputes import note_disputes
from apps.payments.services.settle_refund import settle_refund
from tests.conftest import make_cause
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import ask, captured, hear, message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_patience")]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def refunded(now: datetime) -> Payment:
    payment = captured(now)
    return hear(ask(payment, OperationKind.REFUND, now), Done(reference="re_1"), now)


def dispute(payment: Payment, now: datetime, state: str = "opened") -> None:
    """Have the platform hear of a dispute."""
    row = message(payment, now, f"d-{state}")
    row.dispute = {"reference": "du_1", "state": state, "amount_minor": 100, "reason": "fraud"}
    note_disputes(messages=[row], now=now)
    assert Dispute.objects.get().state == state


class TestWhatAgrees:
    def test_is_no_difference(self, now: datetime) -> None:
        payment = refunded(now)
        done = reconcile(
            [
                line(of=payment, at=now),
                line(SettlementKind.REFUND, reference="re_1", of=payment, at=now),
            ],
            now,
            later=5,
        )
        assert (done.lines_read, done.lines_new) == (2, 2)
        assert found() == []
        assert set(SettlementLineRecord.objects.values_list("payment_id", flat=True)) == {
            payment.id
        }

    def test_is_found_by_the_providers_name_of_the_payment(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(payment_reference="pi_1", at=now)], now)
        assert found() == []
        assert SettlementLineRecord.objects.get().payment_id == payment.id

    def test_is_found_by_the_charge_that_it_is_about(self, now: datetime) -> None:
        payment = refunded(now)
        charge = line(of=payment, at=now)
        back = line(SettlementKind.REFUND, reference="re_1", payment_reference="ch_1", at=now)
        reconcile([back, charge], now)
        assert found() == []
        assert SettlementLineRecord.objects.filter(payment=payment).count() == 2

    def test_is_found_by_our_call_where_the_charge_was_never_reported(self, now: datetime) -> None:
        payment = refunded(now)
        call = PaymentOperation.objects.get(kind="refund")
        back = line(
            SettlementKind.REFUND,
            reference="re_1",
            payment_reference="ch_1",
            operation_id=call.id,
            at=now,
        )
        reconcile([back], now)
        assert found() == []
        assert SettlementLineRecord.objects.get().payment_id == payment.id

    def test_belongs_to_no_payment_of_another_providers_call(self, now: datetime) -> None:
        refunded(now)
        call = PaymentOperation.objects.get(kind="refund")
        PaymentOperation.objects.update(provider="paypal")
        reconcile([line(SettlementKind.REFUND, operation_id=call.id, at=now)], now)
        assert SettlementLineRecord.objects.get().payment_id is None

    def test_is_taken_for_the_only_movement_of_its_kind_where_it_has_no_name(
        self, now: datetime
    ) -> None:
        reconcile([line(of=captured(now), reference="", at=now)], now)
        assert found() == []

    def test_costs_the_same_statements_however_long_the_page_is(self, now: datetime) -> None:
        counts = []
        for size in (2, 40):
            lines = [line(reference=f"ch_{size}_{nth}", fee=5, at=now) for nth in range(size)]
            with CaptureQueriesContext(
                connection,
            ) as made:
                reconcile(lines, now)
            counts.append(len(made))
        assert counts[0] == counts[1]


class TestADifference:
    def test_is_money_of_no_payment(self, now: datetime) -> None:
        reconcile([line(payment_id=PaymentId(uuid.uuid4()), at=now)], now)
        assert found() == [("unknown_payment", "charge:ch_1", None, 100, "open")]

    def test_is_a_movement_that_the_ledger_lacks(self, now: datetime) -> None:
        payment = captured(now)
        reconcile(
            [
                line(of=payment, at=now),
                line(SettlementKind.REFUND, reference="re_9", of=payment, gross=30, at=now),
            ],
            now,
        )
        assert found() == [("unknown_movement", "refund:re_9", None, 30, "open")]

    @pytest.mark.parametrize(
        ("name", "subject"),
        [
            ("re\x00fund", "refund:refund:"),
            ("r" * 3000, f"refund:{'r' * 90}:"),
            ("4000056655665556", "refund:[card]:"),
        ],
    )
    def test_goes_by_a_name_that_can_be_kept(self, now: datetime, name: str, subject: str) -> None:
        odd = line(SettlementKind.REFUND, reference=name, line_id=name, at=now)
        for _ in range(2):
            reconcile([odd, line(at=now)], now)
        stored = SettlementLineRecord.objects.get(kind="refund")
        assert name not in (stored.line_id, stored.reference, stored.payment_reference)
        (told,) = [one[1] for one in found() if one[1].startswith("refund:")]
        assert told.startswith(subject)
        assert len(told) < 120

    def test_is_another_amount(self, now: datetime) -> None:
        reconcile([line(of=captured(now), gross=99, at=now)], now)
        assert found() == [("amount_differs", "charge:ch_1", 100, 99, "open")]

    def test_is_another_currency(self, now: datetime) -> None:
        reconcile([line(of=captured(now), currency="USD", at=now)], now)
        row = SettlementDifference.objects.get()
        assert (row.kind, row.expected_currency, row.found_currency) == (
            "amount_differs",
            "EUR",
            "USD",
        )

    def test_is_a_charge_that_was_settled_twice(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, at=now), line(of=payment, at=now)], now)
        assert found() == [("settled_twice", "charge:ch_1", 100, 200, "open")]

    def test_is_a_charge_that_was_taken_back(self, now: datetime) -> None:
        payment = captured(now)
        undone = line(SettlementKind.CHARGE_UNDONE, of=payment, at=now)
        reconcile([line(of=payment, at=now), undone], now)
        assert found() == [("amount_differs", "charge:ch_1", 100, 0, "open")]

    def test_is_what_the_provider_does_not_report_in_time(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([], now, later=1)
        assert found() == []
        reconcile([], now, later=3)
        assert found() == [("missing", "charge:ch_1", 100, None, "open")]
        assert SettlementDifference.objects.get().payment_id == payment.id

    def test_is_not_what_was_before_the_period(self, now: datetime) -> None:
        captured(now - timedelta(days=60))
        PaymentOperation.objects.filter(kind="capture").update(
            id=uuid.UUID("01900000-0000-7000-8000-000000000001")
        )
        reconcile([], now, later=3)
        assert found() == []

    def test_is_a_charge_that_took_weeks_and_is_not_reported(self, now: datetime) -> None:
        captured(now)
        PaymentOperation.objects.filter(kind="capture").update(id=id_at(now - timedelta(days=40)))
        reconcile([], now, later=3)
        assert found() == [("missing", "charge:ch_1", 100, None, "open")]

    def test_is_not_a_refund_that_went_another_way(self, now: datetime) -> None:
        payment = captured(now)
        Payment.objects.update(refund_wanted_minor=40)
        assert settle_refund(payment_id=payment.id, cause=make_cause(), now=now)
        reconcile([line(of=payment, at=now)], now, later=5)
        assert found() == []


class TestDisputes:
    def test_agree_while_they_are_open_and_when_they_are_won(self, now: datetime) -> None:
        payment = captured(now)
        dispute(payment, now)
        taken = line(SettlementKind.DISPUTE, reference="du_1", of=payment, at=now)
        reconcile([line(of=payment, at=now), taken], now, later=5)
        assert found() == []
        dispute(payment, now, "won")
        given = line(SettlementKind.DISPUTE_WON, reference="du_1", of=payment, at=now)
        reconcile([given], now, later=5)
        assert found() == []

    def test_of_which_we_heard_nothing_differ(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(SettlementKind.DISPUTE, reference="du_1", of=payment, at=now)], now)
        assert found() == [("unknown_movement", f"dispute:{payment.id}", None, 100, "open")]

    def test_that_the_provider_does_not_report_differ_after_some_days(self, now: datetime) -> None:
        payment = captured(now)
        dispute(payment, now)
        reconcile([line(of=payment, at=now)], now, later=1)
        assert found() == []
        reconcile([], now, later=4)
        assert found() == [("missing", f"dispute:{payment.id}", 100, None, "open")]
