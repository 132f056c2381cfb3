"""Orders in the back office: found and read."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.models import PaymentOperation
from tests.integration.admin.conftest import Enter
from tests.integration.admin.order_pages import LIST, found, page_of, text_of
from tests.integration.admin.story import bury_event_of, make_day
from tests.integration.customers.people import register
from tests.integration.shop import drain_all, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


class TestSearch:
    def test_finds_an_order_by_number_id_customer_and_sku(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 50}, "SKU-B": {"BER": 50}})
        first, second = place([("SKU-A", 1)]), place([("SKU-A", 1), ("SKU-B", 1)])
        client = enter("agent")
        assert found(client) == {first.number, second.number}
        spoken = first.number.replace("-", " ").lower()
        assert found(client, q=spoken) == {first.number}
        assert found(client, q=f" {first.number} ") == {first.number}
        assert found(client, q=str(second.id)) == {second.number}
        assert found(client, q=str(second.customer_id)) == {second.number}
        assert found(client, q="SKU-B") == {second.number}
        assert found(client, q="SKU-A") == {first.number, second.number}
        assert found(client, q="SKU") == set()
        assert found(client, q=str(uuid4())) == set()

    @pytest.mark.parametrize(
        "words",
        ["ada@example.com", " ADA@example.com ", "+4930123456", "+49 (30) 123-456", "4930123456"],
    )
    def test_finds_the_orders_of_a_customer_who_says_how_to_be_reached(
        self, enter: Enter, words: str
    ) -> None:
        ada = register()
        eve = register(email="eve@example.com", phone="+4930123457")
        stock({"SKU-A": {"BER": 50}})
        first, second = (place(customer_id=ada.id) for _ in range(2))
        place(customer_id=eve.id)
        assert found(enter("agent"), q=words) == {first.number, second.number}

    @pytest.mark.parametrize("words", ["ada@example", "bob@example.com", "+493012345", "@", "+"])
    def test_finds_nothing_for_words_that_reach_nobody(self, enter: Enter, words: str) -> None:
        stock({"SKU-A": {"BER": 50}})
        place(customer_id=register().id)
        assert found(enter("agent"), q=words) == set()

    def test_finds_a_sku_that_could_be_a_telephone_number(self, enter: Enter) -> None:
        stock({"4006381333931": {"BER": 50}})
        order = place([("4006381333931", 1)])
        assert found(enter("agent"), q="4006381333931") == {order.number}

    def test_names_no_customer_to_those_who_may_not_know_them(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 50}})
        order = place(customer_id=register().id)
        client = enter("nobody")
        user = User.objects.get(username="nobody")
        user.user_permissions.add(Permission.objects.get(codename="view_order"))
        assert found(client, q=order.number) == {order.number}
        assert found(client, q="ada@example.com") == set()

    def test_narrows_by_status_payment_and_day(self, enter: Enter) -> None:
        day = make_day()
        client = enter("agent")
        assert found(client, status__exact="confirmed") >= {day.confirmed.number}
        assert day.short.number not in found(client, status__exact="confirmed")
        assert found(client, payment_status="requires_action") == {day.approving.number}
        Order.objects.update(created_at=timezone.now())  # all of one day, also at midnight
        placed_at = Order.objects.values_list("created_at", flat=True)[0]
        today = placed_at.strftime("%Y-%m-%d")
        tomorrow = (placed_at + timedelta(days=1)).strftime("%Y-%m-%d")
        assert len(found(client, created_at_from=today, created_at_to=today)) == 7
        assert found(client, created_at_from=tomorrow) == set()
        assert len(found(client, created_at_from="no day")) == 7
        assert len(found(client, created_at_from="0001-01-01", created_at_to="9999-12-31")) == 7

    def test_shows_orders_that_wait_for_too_long(self, enter: Enter) -> None:
        day = make_day()
        client = enter("agent")
        assert found(client, waiting="long") == set()
        Order.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
        assert found(client, waiting="long") == {day.waiting.number, day.approving.number}

    def test_never_counts_the_whole_table(
        self, enter: Enter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from apps.platform.backoffice.paginator import CappedPaginator

        monkeypatch.setattr(CappedPaginator, "most", 60)
        stock({"SKU-A": {"BER": 500}})
        for _ in range(62):
            place()
        client = enter("agent")
        answer = client.get(LIST)
        assert len(answer.context["cl"].result_list) == 50
        assert b"60 newest orders" in answer.content
        assert len(client.get(LIST, {"p": "2"}).context["cl"].result_list) == 10


class TestPage:
    def test_tells_everything_about_an_order(self, enter: Enter) -> None:
        order = make_day().confirmed
        text = text_of(enter("agent"), order)
        for said in (
            order.number,
            "SKU-A Name of SKU-A 2 19.90 EUR 39.80 EUR",
            "Shipping 4.90 EUR Total 64.60 EUR",
            "Ada Example Lindenweg 1 10115 Berlin DE",
            "Order placed",
            "Payment captured",
            "RTM has every line and the best priority of those that do",
            "authorize succeeded 64.60 EUR 1",
            "capture succeeded 64.60 EUR 1",
            "orders.order_confirmed",
            "Nobody did anything by hand.",
        ):
            assert said in text, said

    def test_says_what_was_short(self, enter: Enter) -> None:
        text = text_of(enter("agent"), make_day().short)
        assert "Short SKU Wanted Available SKU-B 99 " in text
        assert "Cancelled because out of stock" in text

    def test_says_why_a_call_to_the_provider_did_not_succeed(self, enter: Enter) -> None:
        day = make_day()
        client = enter("agent")
        declined = text_of(client, day.declined)
        assert "authorize declined" in declined
        assert "The provider's code: card_declined" in declined
        waiting = text_of(client, day.waiting)
        assert "authorize pending" in waiting
        assert "sandbox_down" in waiting

    def test_asks_for_help_where_a_refund_failed(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 5}})
        order = settled(place())
        cancel_as(enter("lead"), order)
        drain_all()
        PaymentOperation.objects.filter(kind="refund").update(
            state="declined", error_detail="Account closed."
        )
        Order.objects.update(payment_status="refund_failed")
        text = text_of(enter("agent"), order)
        assert "Waits for the payment to be voided or refunded. The refund failed" in text
        assert "The provider refused the refund: Account closed." in text

    def test_warns_of_an_event_that_nobody_could_handle(self, enter: Enter) -> None:
        order = make_day().confirmed
        client = enter("agent")
        warning = "payments.saga gave up on this order"
        assert warning not in text_of(client, order)
        bury_event_of(order)
        assert warning in text_of(client, order)

    def test_tells_what_became_of_the_reservation(self, enter: Enter) -> None:
        text = text_of(enter("agent"), make_day().confirmed)
        assert "Stock reserved" in text
        assert "Units kept: the order was confirmed" in text

    def test_shows_panels_only_to_those_who_may_see_them(self, enter: Enter) -> None:
        from django.contrib.auth.models import Permission, User

        order = make_day().confirmed
        client = enter("nobody")
        user = User.objects.get(username="nobody")
        user.user_permissions.add(Permission.objects.get(codename="view_order"))
        text = text_of(client, order)
        assert "Order placed" in text
        assert "Warehouse choice" not in text
        assert "capture succeeded" not in text

    def test_escapes_what_customers_write(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 5}})
        order = place(metadata={"note": "<script>alert(1)</script>"})
        page = enter("agent").get(page_of(order)).content.decode()
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def cancel_as(client: Client, order: Order, **changes: str) -> int:
    """Send the form of the cancellation; gives the status of the answer."""
    form = {"cause": "customer_request", "reason": "called and asked for it", **changes}
    return client.post(f"{LIST}{order.id}/cancel/", form).status_code
