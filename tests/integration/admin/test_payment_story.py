"""The whole story of a payment on one page, with what people did by hand, and on the order's."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.payments.models import (
    Dispute,
    Payment,
    PaymentOperation,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.platform.audit.recording import record
from tests.integration.admin.conftest import BACKEND, Enter
from tests.integration.admin.story import make_day
from tests.integration.admin.test_pages import queries_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment() -> Payment:
    """That of a confirmed order: charged, and nobody laid a hand on it."""
    return Payment.objects.get(order_id=make_day().confirmed.id)


def page_of(payment: Payment) -> str:
    return f"/admin/payments/payment/{payment.id}/change/"


def order_page_of(payment: Payment) -> str:
    return f"/admin/orders/order/{payment.order_id}/change/"


def read(client: Client, page: str) -> str:
    """Read a page as a person does, without markup and needless space."""
    answer = client.get(page)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def post(client: Client, page: str, reason: str) -> None:
    assert client.post(f"/admin/payments/{page}/", {"reason": reason}).status_code == 302


def disputed(payment: Payment, reference: str = "PSP-1") -> Dispute:
    Payment.objects.filter(id=payment.id).update(disputed_minor=500)
    return Dispute.objects.create(
        payment=payment,
        provider=payment.provider,
        reference=reference,
        amount_minor=500,
        currency="EUR",
        reason="fraudulent",
        state="opened",
        opened_at=timezone.now(),
    )


def differing(payment: Payment, nth: int = 1) -> SettlementDifference:
    return SettlementDifference.objects.create(
        payment=payment,
        provider=payment.provider,
        kind="amount_differs",
        subject=f"charge:ch_{nth}",
        state="open",
        found_at=timezone.now(),
    )


def told(payment: Payment, *, names: bool, nth: int = 1) -> ProviderMessageRecord:
    """Store a message that cannot be handled, about the payment by our id or by the provider's."""
    now = timezone.now()
    return ProviderMessageRecord.objects.create(
        provider=payment.provider,
        event_id=f"evt_{names}_{nth}",
        kind="charge.updated",
        reference="" if names else payment.authorization,
        payment_id=payment.id if names else None,
        failure="NoSuchAmount",
        received_at=now,
        next_at=now,
        attempts=1,
    )


class TestWhatWasDoneByHand:
    def test_is_told_with_who_and_why(self, enter: Enter, payment: Payment) -> None:
        Payment.objects.filter(id=payment.id).update(refund_wanted_minor=500)
        client = enter("finance")
        post(client, f"payment/{payment.id}/settle", "paid from another account")
        post(client, f"dispute/{disputed(payment).id}/decide_as_won", "seen in its books")
        difference = differing(payment)
        post(client, f"settlementdifference/{difference.id}/settle", "a rounding of theirs")
        for names, reason in ((True, "case 7"), (False, "case 8")):
            message = told(payment, names=names)
            post(client, f"providermessagerecord/{message.id}/give_up", reason)

        user = User.objects.get(username="finance")
        who = f"finance (agent:{user.pk})"
        for page in (page_of(payment), order_page_of(payment)):
            shown = read(client, page)
            for deed in (
                f"{who} payments.settle_refund paid from another account",
                f"{who} payments.decide_dispute seen in its books",
                f"{who} payments.settle_difference a rounding of theirs",
                f"{who} payments.give_up_message case 7",
                f"{who} payments.give_up_message case 8",
            ):
                assert deed in shown

    def test_to_another_payment_is_told_there(self, enter: Enter, payment: Payment) -> None:
        other = Payment.objects.exclude(id=payment.id).exclude(currency="")[0]
        client = enter("finance")
        post(client, f"settlementdifference/{differing(other).id}/settle", "not about this one")
        assert "payments.settle_difference not about this one" in read(client, page_of(other))
        for page in (page_of(payment), order_page_of(payment)):
            shown = read(client, page)
            assert "not about this one" not in shown
            assert "Nobody did anything by hand." in shown

    def test_is_for_those_who_may_read_the_audit_log(self, payment: Payment) -> None:
        user = User.objects.create_user("reader", is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(codename__in=("view_payment", "view_order"))
        )
        client = Client()
        client.force_login(user, backend=BACKEND)
        for page in (page_of(payment), order_page_of(payment)):
            assert "Done by hand" not in read(client, page)

    def test_costs_the_same_however_much_it_was(self, enter: Enter, payment: Payment) -> None:
        client = enter("finance")
        user = User.objects.get(username="finance")
        pages = (page_of(payment), order_page_of(payment))
        self.do_by_hand(payment, user, nth=1)
        few = [queries_of(client, page) for page in pages]
        for nth in range(2, 12):
            self.do_by_hand(payment, user, nth=nth)
        assert [queries_of(client, page) for page in pages] == few

    def do_by_hand(self, payment: Payment, user: User, *, nth: int) -> None:
        done = {
            "payment": payment.id,
            "settlement_difference": differing(payment, nth).id,
            "provider_message": told(payment, names=True, nth=nth).id,
        }
        with transaction.atomic():
            for kind, subject in done.items():
                record(
                    actor=f"agent:{user.pk}",
                    action="payments.look_again",
                    subject_type=kind,
                    subject_id=str(subject),
                    now=timezone.now(),
                    reason=f"for the {nth}th time",
                )


class TestTheDisputeAlert:
    def test_stands_on_the_page_of_the_payment_as_on_the_order_s(
        self, enter: Enter, payment: Payment
    ) -> None:
        client = enter("agent")
        alert = "The customer's bank disputes a charge"
        assert alert not in read(client, page_of(payment))
        disputed(payment)
        assert alert in read(client, page_of(payment))
        assert alert in read(client, order_page_of(payment))

    def test_hides_no_other(self, enter: Enter, payment: Payment) -> None:
        disputed(payment)
        Payment.objects.filter(id=payment.id).update(is_unwanted=True)
        PaymentOperation.objects.filter(payment=payment, kind="capture").update(
            state="failed", error_detail="No reason given."
        )
        shown = read(enter("agent"), page_of(payment))
        assert "The customer's bank disputes a charge" in shown
        assert "The provider refused the capture: No reason given." in shown
