"""Settled money in the back office: what a provider reported, what differs, and who says why."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.kernel.identifiers import PaymentId
from apps.payments.models import Payment, SettlementDifference, SettlementLineRecord
from apps.platform.audit.models import AuditEntry
from tests.integration.admin.conftest import Enter
from tests.integration.payments.reports import line, reconcile
from tests.integration.payments.story import captured

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment() -> Payment:
    """A payment whose provider reported another amount, and a fee."""
    now = timezone.now()
    payment = captured(now)
    reconcile([line(of=payment, gross=90, fee=27, at=now)], now)
    return payment


def page_of(difference: SettlementDifference, name: str) -> str:
    return f"/admin/payments/settlementdifference/{difference.id}/{name}/"


def read(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestThePages:
    def test_show_what_was_settled_with_a_picture_of_its_days(
        self, enter: Enter, payment: Payment
    ) -> None:
        shown = read(enter("auditor"), "/admin/payments/settlementlinerecord/")
        assert "0.90 EUR" in shown
        assert "0.27 EUR" in shown
        assert "Settled and fees in EUR" in shown
        assert "Differences found" in shown

    def test_narrow_the_lines_down(self, enter: Enter, payment: Payment) -> None:
        client = enter("finance")
        page = "/admin/payments/settlementlinerecord/"
        assert "ch_1" in read(client, f"{page}?kind=charge&provider=stripe")
        assert "ch_1" not in read(client, f"{page}?kind=refund")
        assert "ch_1" in read(client, f"{page}?q=ch_1")

    def test_narrow_the_differences_down(self, enter: Enter, payment: Payment) -> None:
        client = enter("finance")
        page = "/admin/payments/settlementdifference/"
        for query in ("state=open", "kind=amount_differs", "q=charge%3Ach_1"):
            assert "1.00 EUR" in read(client, f"{page}?{query}")
        assert "1.00 EUR" not in read(client, f"{page}?state=settled")

    def test_say_what_a_difference_of_fees_is(self, enter: Enter, payment: Payment) -> None:
        now = timezone.now()
        for fee in (31, 35):
            reconcile([line(reference="ch_9", line_id="txn_9", fee=fee, at=now)], now)
        client, page = enter("finance"), "/admin/payments/settlementdifference/"
        shown = read(client, f"{page}?kind=fee")
        assert ("0.31 EUR" in shown, "0.35 EUR" in shown, "0.90 EUR" in shown) == (
            True,
            True,
            False,
        )
        difference = SettlementDifference.objects.get(kind="fee")
        assert "kept another fee" in read(client, page_of(difference, "change"))

    def test_tell_it_on_the_page_of_the_payment(self, enter: Enter, payment: Payment) -> None:
        shown = read(enter("agent"), f"/admin/payments/payment/{payment.id}/change/")
        assert "Report and ledger differ; finance has to look." in shown
        assert "amount differs" in shown

    def test_show_which_payment_a_line_of_somebody_elses_names(self, enter: Enter) -> None:
        other = PaymentId(uuid.uuid4())
        now = timezone.now()
        reconcile([line(payment_id=other, at=now)], now)
        stranger = SettlementLineRecord.objects.get()
        page = f"/admin/payments/settlementlinerecord/{stranger.id}/change/"
        assert str(other) in read(enter("finance"), page)

    def test_show_a_fee_of_no_payment_in_the_ledger(self, enter: Enter) -> None:
        now = timezone.now()
        reconcile([line(reference="ch_9", fee=31, at=now)], now)
        client, page = enter("finance"), "/admin/payments/ledgerentry/"
        assert "0.31 EUR" in read(client, page)
        assert "0.31 EUR" in read(client, f"{page}?to_account=fees&from_account=provider")
        assert "0.31 EUR" not in read(client, f"{page}?to_account=customer")


class TestSettling:
    def test_closes_a_difference_and_writes_down_who_and_why(
        self, enter: Enter, payment: Payment
    ) -> None:
        difference = SettlementDifference.objects.get()
        client = enter("finance")
        page = page_of(difference, "settle")
        assert "Neither the ledger nor the" in read(client, page)

        client.post(page, {"reason": "rounded by the bank"})

        difference.refresh_from_db()
        assert (difference.state, difference.reason) == ("settled", "rounded by the bank")
        entry = AuditEntry.objects.get(action="payments.settle_difference")
        assert (entry.reason, entry.changes) == (
            "rounded by the bank",
            {"state": ["open", "settled"]},
        )
        assert entry.actor == difference.closed_by
        assert "finance (agent:" in read(client, page_of(difference, "change"))
        shown = read(client, f"/admin/payments/payment/{payment.id}/change/")
        assert "finance has to look" not in shown

    def test_again_changes_nothing(self, enter: Enter, payment: Payment) -> None:
        difference = SettlementDifference.objects.get()
        client = enter("finance")
        client.post(page_of(difference, "settle"), {"reason": "first"})
        answer = client.post(page_of(difference, "settle"), {"reason": "second"}, follow=True)
        assert b"It was closed before." in answer.content
        assert SettlementDifference.objects.get().reason == "first"
        assert AuditEntry.objects.filter(action="payments.settle_difference").count() == 1

    @pytest.mark.parametrize("reason", ["", "card 4242 4242 4242 4242"])
    def test_wants_a_reason_fit_to_be_kept(
        self, enter: Enter, payment: Payment, reason: str
    ) -> None:
        difference = SettlementDifference.objects.get()
        enter("finance").post(page_of(difference, "settle"), {"reason": reason})
        assert SettlementDifference.objects.get().state == "open"

    @pytest.mark.parametrize("role", ["agent", "lead", "operations", "auditor"])
    def test_is_for_finance_alone(self, enter: Enter, payment: Payment, role: str) -> None:
        difference = SettlementDifference.objects.get()
        answer = enter(role).post(page_of(difference, "settle"), {"reason": "no"})
        assert answer.status_code == 403
        assert SettlementDifference.objects.get().state == "open"
