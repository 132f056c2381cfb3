"""Orders as messages know them, for customer service to read."""

import pytest
from django.contrib import admin

from apps.kernel.identifiers import new_id
from apps.kernel.order_number import OrderNumbers
from apps.notifications import handlers
from apps.notifications.models import KnownOrder, KnownRefunds
from tests.integration.admin.conftest import Enter
from tests.integration.admin.test_pages import queries_of
from tests.integration.notifications.story import created, delivered, known_customer

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

LIST = "/admin/notifications/knownorder/"
NUMBERS = OrderNumbers(b"a secret for tests")


def told(nth: int) -> KnownOrder:
    """Have notifications hear of an order."""
    order = created(known_customer(), number=NUMBERS.number_for(nth))
    handlers.tell_of_receipt([delivered(order)])
    return KnownOrder.objects.get(order_id=order.order_id)


def page_of(known: KnownOrder) -> str:
    return f"{LIST}{known.order_id}/change/"


class TestKnownOrders:
    def test_are_found_by_number_and_id(self, enter: Enter) -> None:
        known, other = told(1), told(2)
        client = enter("agent")
        for term in (known.number, known.number.lower().replace("-", ""), str(known.order_id)):
            page = client.get(LIST, {"q": f" {term} "}).content.decode()
            assert (known.number in page, other.number in page) == (True, False)
        for nonsense in ("x", "' OR 1=1 --", "%", str(new_id()), "9" * 5000):
            answer = client.get(LIST, {"q": nonsense})
            assert answer.status_code == 200
            assert answer.context["cl"].result_count == 0

    def test_show_what_messages_say_of_them(self, enter: Enter) -> None:
        known = told(1)
        page = enter("agent").get(page_of(known)).content.decode()
        for shown in ("Oak Mug", "19.90 EUR", "54.70 EUR", "None that was heard of."):
            assert shown in page
        for link in (
            f"/admin/orders/order/{known.order_id}/change/",
            f"/admin/notifications/recipient/{known.customer_id}/change/",
            f"/admin/notifications/message/?q={known.order_id}",
        ):
            assert f'href="{link}"' in page

    def test_show_what_is_known_of_their_refunds(self, enter: Enter) -> None:
        known = told(1)
        refunds = KnownRefunds.objects.create(
            order_id=known.order_id,
            given_back_minor=1990,
            told_minor=500,
            currency="EUR",
            asked_for=[{"upto_minor": 3980, "units": [{"sku": "SKU-A", "quantity": 2}]}],
        )
        client = enter("agent")
        page = client.get(page_of(known)).content.decode()
        for shown in ("19.90 EUR", "5.00 EUR", "39.80 EUR", "2 × SKU-A", "a mail on each refund"):
            assert shown in page
        refunds.is_called_off = True
        refunds.save()
        assert "which is still to come" in client.get(page_of(known)).content.decode()

    def test_cost_the_same_however_many_there_are(self, enter: Enter) -> None:
        told(1)
        client = enter("agent")
        one = queries_of(client, LIST)
        for nth in range(2, 30):
            told(nth)
        assert queries_of(client, LIST) == one

    def test_are_closed_to_nobody_s_eyes_and_to_every_hand(self, enter: Enter) -> None:
        known = told(1)
        nobody = enter("nobody")
        assert [nobody.get(page).status_code for page in (LIST, page_of(known))] == [403, 403]
        assert enter("root").post(page_of(known), {"number": "X"}).status_code == 403
        assert KnownOrder.objects.get().number == known.number

    def test_are_shown_while_there_are_none(self, enter: Enter) -> None:
        assert "There are no known orders yet." in enter("agent").get(LIST).content.decode()
