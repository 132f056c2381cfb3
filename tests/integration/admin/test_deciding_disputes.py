"""A dispute of whose end no message comes, decided in the back office."""

import uuid

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from apps.payments.admin import disputes
from apps.payments.admin.deciding import decide_for_agent
from apps.payments.models import Dispute, Payment
from apps.platform.audit.models import AuditEntry
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dispute() -> Dispute:
    """An open one, of a part of a charge."""
    payment = Payment.objects.get(order_id=make_day().confirmed.id)
    Payment.objects.filter(id=payment.id).update(disputed_minor=500)
    return Dispute.objects.create(
        payment=payment,
        provider=payment.provider,
        reference="PSP-1",
        amount_minor=500,
        currency="EUR",
        reason="fraudulent",
        state="opened",
        opened_at=timezone.now(),
    )


def deed(dispute: Dispute, name: str = "decide_as_lost") -> str:
    return f"/admin/payments/dispute/{dispute.id}/{name}/"


def page(client: Client, dispute: Dispute) -> str:
    return client.get(f"/admin/payments/dispute/{dispute.id}/change/").content.decode()


class TestADispute:
    def test_is_lost_with_a_reason_and_written_down(self, enter: Enter, dispute: Dispute) -> None:
        client = enter("finance")
        assert "It was lost…" in page(client, dispute)
        question = client.get(deed(dispute)).content.decode()
        assert "PSP-1" in question
        assert "This is final" in question
        client.post(deed(dispute), {"reason": "nobody defended it in time"})
        dispute.refresh_from_db()
        assert (dispute.state, dispute.is_by_hand) == ("lost", True)
        assert Payment.objects.get(id=dispute.payment_id).lost_minor == 500
        entry = AuditEntry.objects.get(action="payments.decide_dispute")
        assert entry.reason == "nobody defended it in time"
        assert entry.changes == {"dispute": ["", str(dispute.id)], "state": ["opened", "lost"]}
        assert "It was lost…" not in page(client, dispute)
        assert "a person" in page(client, dispute)

    def test_is_won(self, enter: Enter, dispute: Dispute) -> None:
        enter("finance").post(deed(dispute, "decide_as_won"), {"reason": "seen in the books"})
        dispute.refresh_from_db()
        assert dispute.state == "won"
        assert Payment.objects.get(id=dispute.payment_id).disputed_minor == 0

    def test_asks_again_without_a_reason(self, enter: Enter, dispute: Dispute) -> None:
        enter("finance").post(deed(dispute), {"reason": ""})
        dispute.refresh_from_db()
        assert dispute.state == "opened"
        assert not AuditEntry.objects.filter(action="payments.decide_dispute").exists()

    def test_decided_already_changes_nothing(self, enter: Enter, dispute: Dispute) -> None:
        Dispute.objects.update(state="won")
        answer = enter("finance").post(deed(dispute), {"reason": "x"}, follow=True)
        assert b"nothing was changed" in answer.content
        dispute.refresh_from_db()
        assert dispute.state == "won"
        assert not AuditEntry.objects.filter(action="payments.decide_dispute").exists()

    def test_that_a_dispute_took_the_place_of_meanwhile_leads_to_its_payment(
        self, enter: Enter, dispute: Dispute
    ) -> None:
        client, address = enter("finance"), deed(dispute)
        asked = client.get(address).content.decode()
        assert f'name="payment" value="{dispute.payment_id}"' in asked
        Dispute.objects.all().delete()
        told = {"reason": "x", "payment": str(dispute.payment_id)}
        answer = client.post(address, told, follow=True)
        assert answer.redirect_chain == [
            (f"/admin/payments/payment/{dispute.payment_id}/change/", 302)
        ]
        assert b"took the place of the reversal; nothing was changed" in answer.content
        assert not AuditEntry.objects.filter(action="payments.decide_dispute").exists()

    def test_that_goes_while_it_is_decided_leads_to_its_payment(
        self, enter: Enter, dispute: Dispute, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone_first(
            request: HttpRequest, dispute: Dispute, reason: str, *, is_won: bool
        ) -> bool:
            Dispute.objects.all().delete()
            return decide_for_agent(request, dispute, reason, is_won=is_won)

        monkeypatch.setattr(disputes, "decide_for_agent", gone_first)
        answer = enter("finance").post(deed(dispute), {"reason": "x"})
        assert answer.headers["Location"].endswith(f"/payment/{dispute.payment_id}/change/")

    @pytest.mark.parametrize("role", ["agent", "lead", "operations", "auditor"])
    def test_is_finance_s_to_decide_alone(self, enter: Enter, dispute: Dispute, role: str) -> None:
        client = enter(role)
        assert client.post(deed(dispute), {"reason": "x"}).status_code == 403
        assert client.post(deed(dispute, "decide_as_won"), {"reason": "x"}).status_code == 403
        assert "It was lost…" not in page(client, dispute)
        dispute.refresh_from_db()
        assert dispute.state == "opened"

    def test_that_there_is_not_is_not_found(self, enter: Enter) -> None:
        client = enter("finance")
        for name in (uuid.uuid4(), "nonsense"):
            answer = client.post(f"/admin/payments/dispute/{name}/decide_as_lost/", {"reason": "x"})
            assert answer.status_code == 404
