"""Receipts and credit notes in the back office: found by their number, shown with their payment."""

import pytest
from django.utils import timezone

from apps.payments.models import Document
from apps.payments.services.number_documents import number_all_documents
from apps.payments.services.review_setbacks import review_setbacks
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day
from tests.integration.shop import payment_of

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/payments/document/"


class TestDocuments:
    def test_are_found_by_number_and_by_series(self, enter: Enter) -> None:
        make_day()
        number_all_documents()
        client = enter("finance")
        first, second = Document.objects.filter(kind="receipt").order_by("nth")[:2]
        page = client.get(LIST, {"q": first.number.lower()}).content.decode()
        assert first.number in page
        assert second.number not in page
        page = client.get(LIST, {"q": first.series}).content.decode()
        assert first.number in page
        assert second.number in page
        for nonsense in ("R-1999", "x", "R-2026-99999999999999999999"):
            page = client.get(LIST, {"q": nonsense}).content.decode()
            assert first.number not in page

    def test_are_shown_with_their_payment(self, enter: Enter) -> None:
        payment = payment_of(make_day().confirmed)
        review_setbacks(about={payment.id: ()}, now=timezone.now())
        client = enter("finance")
        address = f"/admin/payments/payment/{payment.id}/change/"
        assert "Nothing has a number yet." in client.get(address).content.decode()
        number_all_documents()
        page = client.get(address).content.decode()
        receipt, cancelling = Document.objects.filter(payment=payment).order_by("id")
        order = client.get(f"/admin/orders/order/{payment.order_id}/change/").content.decode()
        assert order.count(receipt.number) == 2
        own = client.get(f"{LIST}{cancelling.id}/change/").content.decode()
        assert receipt.number in own
        assert page.count(receipt.number) == 2
        assert page.count(cancelling.number) == 1

    def test_take_no_change_from_anybody(self, enter: Enter) -> None:
        make_day()
        number_all_documents()
        document = Document.objects.earliest("id")
        answer = enter("root").post(f"{LIST}{document.id}/change/", {"kind": "credit_note"})
        assert answer.status_code == 403
        assert enter("nobody").get(LIST).status_code == 403
