"""What a provider settled against the ledger: each difference is found once, and closed when it is over."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.kernel.identifiers import id_at
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentOperation,
    SettlementDifference,
    SettlementLineRecord,
)
from apps.payments.ports import Done, GatewayUnavailable, SettlementLine
from apps.payments.services.note_disputes import note_disputes
from apps.payments.services.reconcile_payments import PAGE
from apps.payments.services.settle_difference import settle_difference
from apps.payments.services.settle_refund import settle_refund
from tests.conftest import make_cause
from tests.integration.payments.reports import found, line, reconcile
from tests.integration.payments.story import ask, captured, hear, message

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def short_patience(settings: Any) -> None:
    settings.OMS_SETTLEMENT_DAYS = 2


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
        reconcile([line(payment_id=uuid.uuid4(), at=now)], now)
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


class TestARunThatStops:
    def test_keeps_what_it_has_read_and_is_simply_begun_again(self, now: datetime) -> None:
        lines = [line(reference=f"ch_{nth}", fee=1, at=now) for nth in range(PAGE + 100)]

        def broken() -> Iterator[SettlementLine]:
            yield from lines[: PAGE + 50]
            raise GatewayUnavailable("gone")

        with pytest.raises(GatewayUnavailable):
            reconcile(broken(), now)
        assert SettlementLineRecord.objects.count() == PAGE + 50
        done = reconcile(lines, now)
        assert (done.lines_read, done.lines_new) == (PAGE + 100, 50)
        assert LedgerEntry.objects.filter(to_account="fees").count() == PAGE + 100


class TestASecondRun:
    def test_changes_nothing(self, now: datetime) -> None:
        lines = [
            line(of=captured(now), gross=99, fee=7, at=now),
            line(reference="ch_2", fee=3, at=now),
        ]
        reconcile(lines, now)
        before = list(SettlementDifference.objects.order_by("id").values())
        again = reconcile(lines, now, later=2)
        assert (again.lines_read, again.lines_new) == (2, 0)
        assert list(SettlementDifference.objects.order_by("id").values()) == before
        assert SettlementLineRecord.objects.count() == 2
        assert LedgerEntry.objects.filter(to_account="fees").count() == 2

    def test_takes_a_line_that_comes_twice_in_a_page_once(self, now: datetime) -> None:
        one = line(of=captured(now), fee=7, at=now)
        assert reconcile([one, one], now).lines_new == 1
        assert found() == []

    def test_explains_what_a_later_line_makes_whole(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([], now, later=3)
        reconcile([line(of=payment, at=now)], now, later=4)
        row = SettlementDifference.objects.get()
        assert (row.state, row.closed_by) == ("explained", "system:reconciliation")
        assert row.closed_at == now + timedelta(days=4)

    def test_explains_what_the_ledger_has_caught_up_with(self, now: datetime) -> None:
        payment = captured(now)
        reconcile(
            [
                line(of=payment, at=now),
                line(SettlementKind.REFUND, reference="re_1", of=payment, at=now),
            ],
            now,
        )
        assert found() == [("unknown_movement", "refund:re_1", None, 100, "open")]
        hear(ask(payment, OperationKind.REFUND, now), Done(reference="re_1"), now)
        reconcile([], now)
        assert found()[0][-1] == "explained"

    def test_keeps_what_is_missing_open_whatever_period_it_is_for(self, now: datetime) -> None:
        captured(now)
        reconcile([], now, later=3)
        reconcile([], now, later=1)
        assert found() == [("missing", "charge:ch_1", 100, None, "open")]


class TestSettling:
    def settle(self, now: datetime) -> SettlementDifference | None:
        return settle_difference(
            difference_id=SettlementDifference.objects.get().id,
            reason="agreed with the provider",
            cause=make_cause("agent:7"),
            now=now,
        )

    def test_closes_a_difference_in_somebodys_name(self, now: datetime) -> None:
        one = line(of=captured(now), gross=99, at=now)
        reconcile([one], now)
        settled = self.settle(now)
        assert settled is not None
        assert (settled.state, settled.closed_by, settled.reason) == (
            "settled",
            "agent:7",
            "agreed with the provider",
        )
        reconcile([one], now)
        assert found()[0][-1] == "settled"
        assert self.settle(now) is None

    def test_does_not_hold_for_another_difference(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, gross=99, at=now)], now)
        self.settle(now)
        reconcile([line(of=payment, gross=99, at=now)], now)
        assert found() == [("settled_twice", "charge:ch_1", 100, 198, "open")]


class TestFees:
    def booked(self) -> list[tuple[Any, ...]]:
        return list(
            LedgerEntry.objects.filter(settlement_line_id__isnull=False)
            .order_by("id")
            .values_list(
                "what", "from_account", "to_account", "amount_minor", "currency", "payment_id"
            )
        )

    def test_go_from_the_provider_to_fees(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=27, at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 27, "EUR", payment.id)]
        entry = LedgerEntry.objects.get(what="Fee")
        assert entry.actor == "system:stripe"
        assert entry.settlement_line_id == SettlementLineRecord.objects.get().id

    def test_come_back_where_the_provider_gives_them_back(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=-5, at=now)], now)
        assert self.booked() == [("Fee given back", "fees", "provider", 5, "EUR", payment.id)]

    def test_are_booked_in_the_currency_in_which_they_are_kept(self, now: datetime) -> None:
        payment = captured(now)
        reconcile([line(of=payment, fee=31, fee_currency="USD", at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 31, "USD", payment.id)]
        assert found() == []

    def test_of_no_payment_are_just_booked(self, now: datetime) -> None:
        reconcile([line(SettlementKind.FEE, reference="fee_1", gross=0, fee=900, at=now)], now)
        assert self.booked() == [("Fee", "provider", "fees", 900, "EUR", None)]
        assert found() == []
