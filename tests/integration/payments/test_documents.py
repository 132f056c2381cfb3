"""Receipts and credit notes: every movement gets its number, in order, once and without a gap."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.kernel.identifiers import PaymentId, new_id
from apps.payments.models import Document, DocumentSeries, LedgerEntry, Payment, PaymentOperation
from apps.payments.ports import Declined, Done
from apps.payments.services.number_documents import number_all_documents, number_documents
from apps.payments.services.review_setbacks import review_setbacks
from apps.payments.services.undo_payments import undo_payments
from apps.payments.tasks import number_missed_documents
from apps.platform.outbox.models import StoredEvent
from config.invariants import Scope, check_invariants, list_invariants
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, authorizing, captured, hear

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def numbers() -> list[str]:
    return [one.number for one in Document.objects.order_by("id")]


def moved(payment: Payment, at: datetime, what: str = "Captured") -> LedgerEntry:
    """Store a movement as it stands in the ledger."""
    back = what == "Refunded"
    return LedgerEntry.objects.create(
        payment=payment,
        operation_id=PaymentOperation.objects.filter(payment=payment).earliest("id").id,
        what=what,
        from_account="provider" if back else "authorised",
        to_account="customer" if back else "provider",
        amount_minor=100,
        currency="EUR",
        actor="service:test",
        at=at,
    )


def refunded(now: datetime) -> tuple[Payment, PaymentOperation]:
    payment = captured(now)
    undo_payments(causes={payment.order_id: make_cause()}, now=now)
    refund = PaymentOperation.objects.get(kind="refund", payment=payment)
    return hear(refund, Done(reference="re_1"), now), refund


@pytest.mark.django_db
class TestNumbers:
    def test_are_given_to_charges_and_refunds_in_the_order_of_the_ledger(self) -> None:
        refunded(NOON)
        captured(NOON)
        assert number_all_documents() == 3
        assert numbers() == ["R-2026-000001", "C-2026-000001", "R-2026-000002"]
        first = Document.objects.earliest("id")
        assert (first.kind, first.amount_minor, first.currency) == ("receipt", 100, "EUR")
        assert (first.entry.what, first.moved_at, first.cancels) == ("Captured", NOON, None)

    def test_are_given_once(self) -> None:
        captured(NOON)
        assert (number_all_documents(), number_all_documents()) == (1, 0)
        assert number_all_documents(of_all_times=True) == 0
        assert DocumentSeries.objects.get().last == 1

    def test_are_not_given_to_what_is_only_reserved_or_let_go(self) -> None:
        payment, operation = authorizing(NOON)
        hear(operation, DONE, NOON)
        undo_payments(causes={payment.order_id: make_cause()}, now=NOON)
        hear(PaymentOperation.objects.get(kind="void"), DONE, NOON)
        assert number_all_documents() == 0

    def test_are_not_given_to_disputes(self) -> None:
        payment = captured(NOON)
        number_all_documents()
        entry = {"payment": payment, "amount_minor": 100, "currency": "EUR", "actor": "system:x"}
        for giver, taker in (("provider", "disputed"), ("provider", "customer")):
            LedgerEntry.objects.create(
                **entry, what="Dispute lost", from_account=giver, to_account=taker, at=NOON
            )
        assert number_all_documents(of_all_times=True) == 0

    def test_go_on_from_batch_to_batch(self) -> None:
        payment = captured(NOON)
        for _ in range(4):
            moved(payment, NOON)
        assert [number_documents(at_most=2) for _ in range(4)] == [2, 2, 1, 0]
        assert numbers() == [f"R-2026-00000{nth}" for nth in range(1, 6)]

    def test_begin_anew_with_the_year_of_the_shop(self, settings: Any) -> None:
        settings.OMS_SHOP_TIME_ZONE = "Europe/Berlin"
        captured(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
        captured(datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
        number_all_documents()
        assert numbers() == ["R-2026-000001", "R-2027-000001"]

    def test_of_the_old_year_may_still_be_given_in_the_new_one(self) -> None:
        captured(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
        number_all_documents()
        captured(datetime(2027, 1, 1, 0, 1, tzinfo=UTC))
        captured(datetime(2026, 12, 31, 23, 58, tzinfo=UTC))
        number_all_documents()
        assert numbers() == ["R-2026-000001", "R-2027-000001", "R-2026-000002"]


@pytest.mark.django_db
class TestWhatDidNotLast:
    def test_is_cancelled_by_the_opposite_document(self) -> None:
        payment = captured(NOON)
        review_setbacks(about={payment.id: ()}, now=NOON)
        number_all_documents()
        charge, cancelled = Document.objects.order_by("id")
        assert (charge.number, cancelled.number) == ("R-2026-000001", "C-2026-000001")
        assert cancelled.entry.what == "Capture in doubt"
        assert cancelled.cancels_id == charge.entry_id

    def test_gets_a_new_number_where_it_stands_after_all(self) -> None:
        _payment, refund = refunded(NOON)
        for _ in range(2):
            review_setbacks(about={PaymentId(refund.payment_id): ()}, now=NOON)
            hear(refund, Done(reference="re_1"), NOON)
        number_all_documents()
        assert numbers()[1:] == [
            *("C-2026-000001", "R-2026-000002", "C-2026-000002", "R-2026-000003", "C-2026-000003")
        ]
        cancelling = Document.objects.filter(cancels__isnull=False).order_by("id")
        assert [one.cancels and one.cancels.document.number for one in cancelling] == [
            "C-2026-000001",
            "C-2026-000002",
        ]

    def test_is_cancelled_for_good_where_it_failed(self) -> None:
        payment = captured(NOON)
        review_setbacks(about={payment.id: ()}, now=NOON)
        capture = PaymentOperation.objects.get(kind="capture")
        hear(capture, Declined(code="capture_failed", detail="No."), NOON)
        number_all_documents()
        assert numbers() == ["R-2026-000001", "C-2026-000001"]

    def test_of_a_part_is_cancelled_by_what_was_charged(self) -> None:
        payment, operation = authorizing(NOON)
        hear(operation, DONE, NOON)
        capture = PaymentOperation.objects.create(
            **{
                **PaymentOperation.objects.filter(id=operation.id).values().get(),
                "id": new_id(),
                "kind": "capture",
                "amount_minor": 60,
                "idempotency_key": "part",
                "state": "pending",
            }
        )
        hear(capture, Done(reference="ch_1"), NOON)
        review_setbacks(about={payment.id: ()}, now=NOON)
        number_all_documents()
        told = Document.objects.order_by("id").values_list("kind", "amount_minor")
        assert list(told) == [("receipt", 60), ("credit_note", 60)]


@pytest.mark.django_db
class TestWhatComesToLightLate:
    def test_gets_the_next_number(self) -> None:
        payment = captured(NOON)
        number_all_documents()
        moved(payment, NOON - timedelta(minutes=59))
        assert number_all_documents() == 1
        assert numbers() == ["R-2026-000001", "R-2026-000002"]

    def test_is_found_by_the_look_at_all_times(self) -> None:
        payment = captured(NOON)
        number_all_documents()
        moved(payment, NOON - timedelta(days=400))
        assert number_all_documents() == 0
        assert number_all_documents(of_all_times=True) == 1

    def test_is_found_every_hour_where_it_is_of_the_last_thirty_days(self) -> None:
        now = timezone.now()
        payment = captured(now)
        number_all_documents()
        for days in (29, 31):
            moved(payment, now - timedelta(days=days))
        number_missed_documents()
        assert Document.objects.latest("id").moved_at == now - timedelta(days=29)
        assert Document.objects.count() == 2
        assert number_all_documents(of_all_times=True) == 1

    def test_is_numbered_however_long_nobody_came(self) -> None:
        payment = captured(NOON)
        number_all_documents()
        for days in (1, 30, 60):
            moved(payment, NOON + timedelta(days=days))
        assert number_documents(at_most=1) == 1
        assert number_all_documents() == 2


@pytest.mark.django_db
class TestTelling:
    def test_is_of_refunds_alone(self) -> None:
        payment, refund = refunded(NOON)
        number_all_documents()
        told = StoredEvent.objects.get(type="payments.refund_documented")
        assert (told.key, told.seq, told.actor) == (payment.order_id, 1, refund.actor)
        assert told.payload["number"] == "C-2026-000001"
        assert (told.payload["kind"], told.payload["cancels"]) == ("credit_note", "")

    def test_names_the_document_that_is_cancelled(self) -> None:
        payment, _refund = refunded(NOON)
        review_setbacks(about={payment.id: ()}, now=NOON)
        number_all_documents()
        told = StoredEvent.objects.filter(type="payments.refund_documented").latest("event_id")
        assert told.payload["number"] == "R-2026-000002"
        assert (told.payload["kind"], told.payload["cancels"]) == ("receipt", "C-2026-000001")


@pytest.mark.django_db
class TestTheTable:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: Document.objects.update(amount_minor=1),
            lambda: Document.objects.all()._raw_delete("default"),
        ],
    )
    def test_takes_no_change(self, change: Callable[[], object]) -> None:
        captured(NOON)
        number_all_documents()
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            change()
        assert Document.objects.get().amount_minor == 100


@pytest.mark.django_db
class TestTheCommand:
    def test_numbers_everything_and_says_how_much(self) -> None:
        captured(NOON)
        said = StringIO()
        call_command("number_documents", stdout=said)
        call_command("number_documents", stdout=said)
        assert said.getvalue() == "1 numbered\n0 numbered\n"


def _holds() -> bool:
    asked = [one for one in list_invariants() if one.name.startswith("numbers_of_documents")]
    return all(one.holds for one in check_invariants(asked, scope=Scope()))


@pytest.mark.django_db(transaction=True)
class TestPassesAtOnce:
    def test_take_turns(self) -> None:
        payment = captured(timezone.now())
        for _ in range(39):
            moved(payment, timezone.now())
        counts: list[int] = []

        def work() -> None:
            while count := number_documents(at_most=3):
                counts.append(count)
            connection.close()

        passes = [threading.Thread(target=work) for _ in range(4)]
        for one in passes:
            one.start()
        for one in passes:
            one.join()
        assert sum(counts) == 40
        assert _holds()

    def test_leave_no_gap_where_one_is_rolled_back(self) -> None:
        refunded(timezone.now())
        with transaction.atomic():
            assert number_documents() == 2
            transaction.set_rollback(True)
        assert not Document.objects.exists()
        assert not DocumentSeries.objects.exists()
        assert number_documents() == 2
        assert _holds()

    def test_skip_nothing_that_is_committed_later_under_a_lower_id(self) -> None:
        payment = captured(timezone.now())
        has_drawn_its_id, may_commit = threading.Event(), threading.Event()

        def commit_late() -> None:
            with transaction.atomic():
                moved(payment, timezone.now())
                has_drawn_its_id.set()
                may_commit.wait(10)
            connection.close()

        slow = threading.Thread(target=commit_late)
        slow.start()
        assert has_drawn_its_id.wait(10)
        newest = moved(payment, timezone.now())
        assert number_all_documents() == 2
        may_commit.set()
        slow.join()
        late = LedgerEntry.objects.exclude(document__isnull=False).get(what="Captured")
        assert late.id < newest.id
        assert number_all_documents() == 1
        assert late.document.nth == 3
        assert _holds()
