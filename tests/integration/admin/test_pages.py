"""Every page, for every role: what opens, what is refused, and what costs how many queries."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.inventory.models import StockLevel, Warehouse
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.platform.backoffice.roles import ROLES
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import bury_event_of, make_day
from tests.integration.shop import call_off, place, stock, work_off

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

OWN_PAGES = (
    "admin:index",
    "admin:platform_outbox_lag",
    "admin:platform_outbox_lanes",
    "admin:platform_outbox_log",
    "platform_idempotency_log",
)
EDITABLE = {"warehouse", "customer", "user", "group"}


def registered() -> Iterator[type[models.Model]]:
    """Give the models of the back office, those for superusers alone left out."""
    for model in admin.site._registry:
        if model not in (User, Group):
            yield model


def page_of(model: type[models.Model], name: str, *args: object) -> str:
    # As the admin's own links do: in a key, "_23" would else be read as "#".
    quoted = [quote(str(argument)) for argument in args]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=quoted)


def test_django_finds_nothing_wrong_with_any() -> None:
    assert run_checks() == []


class TestEveryPage:
    @pytest.mark.parametrize("role", sorted(ROLES))
    def test_opens_for_every_role(self, enter: Enter, role: str) -> None:
        bury_event_of(make_day().confirmed)
        client = enter(role)
        opened = set()
        for model in registered():
            answer = client.get(page_of(model, "changelist"))
            assert answer.status_code == 200, model
            # What a page shows hangs on its row for all alike: one role looks at more of them.
            for row in model._default_manager.order_by("pk")[: 3 if role == "lead" else 1]:
                detail = client.get(page_of(model, "change", row.pk))
                assert detail.status_code == 200, (model, row)
                opened.add(model._meta.label)
        for page in OWN_PAGES:
            assert client.get(reverse(page)).status_code == 200, page
        assert opened >= {
            "inventory.Product",
            "inventory.Reservation",
            "inventory.StockLevel",
            "inventory.StockMovement",
            "inventory.Warehouse",
            "orders.ListedProduct",
            "orders.Order",
            "payments.Payment",
            "payments.PaymentOperation",
            "payments.ProviderMessageRecord",
            "payments.SandboxApproval",
            "platform_outbox.ParkedKey",
        }

    def test_opens_for_nobody_without_a_role(self, enter: Enter) -> None:
        client = enter("nobody")
        for model in registered():
            assert client.get(page_of(model, "changelist")).status_code == 403, model
        for page in OWN_PAGES[1:]:
            assert client.get(reverse(page)).status_code == 403, page
        assert b"Orders" not in client.get(reverse("admin:index")).content

    def test_takes_any_name_for_a_wrong_login(self) -> None:
        for name in ("x" * 5000, "a\0b", "root"):
            answer = Client().post("/admin/login/", {"username": name, "password": "wrong"})
            assert answer.status_code == 200, name[:5]

    def test_refuses_a_null_in_an_address(self, enter: Enter) -> None:
        client = enter("operations")
        assert client.get("/admin/inventory/product/%00/change/").status_code == 400
        assert client.get("/admin/orders/order/", {"status": "\0"}).status_code == 400

    def test_refuses_a_comparison_that_no_filter_of_ours_makes(self, enter: Enter) -> None:
        client = enter("lead")
        for lookup in ("created_at__year", "created_at__year__exact", "created_at__gt"):
            assert client.get("/admin/orders/order/", {lookup: "99999999"}).status_code == 400

    def test_sends_strangers_to_the_login(self) -> None:
        answer = Client().get(page_of(Order, "changelist"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize("role", ["operations", "root"])
    def test_lets_nobody_type_over_what_a_state_machine_rules(
        self, enter: Enter, role: str
    ) -> None:
        order = make_day().confirmed
        client = enter(role)
        rows: list[models.Model] = [
            order,
            Payment.objects.get(order_id=order.id),
            StockLevel.objects.first() or order,
        ]
        before = [type(row)._default_manager.filter(pk=row.pk).values().get() for row in rows]
        for row in rows:
            typed = {"number": "X", "status": "created", "on_hand": "9", "amount_minor": "1"}
            assert client.post(page_of(type(row), "change", row.pk), typed).status_code == 403
        after = [type(row)._default_manager.filter(pk=row.pk).values().get() for row in rows]
        assert after == before

    @pytest.mark.parametrize("role", ["operations", "root"])
    def test_lets_nobody_add_or_delete(self, enter: Enter, role: str) -> None:
        make_day()
        client = enter(role)
        for model in registered():
            if model._meta.model_name not in EDITABLE:
                assert client.post(page_of(model, "add"), {}).status_code == 403, model
            for row in model._default_manager.order_by("pk")[:1]:
                answer = client.post(page_of(model, "delete", row.pk), {"post": "yes"})
                assert answer.status_code == 403, model
        assert Warehouse.objects.count() == 2

    def test_asks_nobody_to_create_what_the_shop_makes(self, enter: Enter) -> None:
        client = enter("lead")
        said = client.get(page_of(Order, "changelist")).content.decode()
        assert "There are no orders yet." in said
        said = client.get(page_of(Order, "changelist"), {"q": "ZZZZ-ZZZZ-9"}).content.decode()
        assert "No orders fit what was searched for." in said
        assert "Create a new" not in said

    def test_shows_no_token_of_a_payment_method(self, enter: Enter) -> None:
        day = make_day()
        client = enter("auditor")
        payment = Payment.objects.get(order_id=day.confirmed.id)
        for page in (
            page_of(Order, "change", day.confirmed.id),
            page_of(Payment, "change", payment.id),
        ):
            assert b"tok_approve" not in client.get(page).content

    def test_shows_a_payment_that_never_began(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 5}})
        order = place()
        call_off(order)
        work_off()
        payment = Payment.objects.get(order_id=order.id)
        client = enter("finance")
        for page in (
            page_of(Payment, "changelist"),
            page_of(Payment, "change", payment.id),
            f"/admin/payments/payment/{payment.id}/undo_again/",
            page_of(Order, "change", order.id),
        ):
            assert client.get(page).status_code == 200
        assert "before its payment began" in client.get(page).content.decode()


class TestCost:
    def test_of_a_list_does_not_grow_with_its_rows(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 500}})
        place()
        work_off()
        client = enter("agent")
        pages = [page_of(model, "changelist") for model in registered()]
        few = [queries_of(client, page) for page in pages]
        for _ in range(19):
            place()
        work_off()
        many = [queries_of(client, page) for page in pages]
        assert dict(zip(pages, many, strict=True)) == dict(zip(pages, few, strict=True))
        assert max(few) <= 10

    def test_of_the_page_of_an_order_does_not_grow_with_its_lines(self, enter: Enter) -> None:
        skus = [f"SKU-{number}" for number in range(20)]
        stock({sku: {"BER": 9, "RTM": 9} for sku in skus})
        small = place([(skus[0], 1)])
        large = place([(sku, 12) for sku in skus])
        work_off()
        client = enter("agent")
        costs = [queries_of(client, page_of(Order, "change", one.id)) for one in (small, large)]
        assert costs[0] == costs[1]
        assert costs[0] <= 25

    def test_of_the_dashboard_does_not_grow_with_the_orders(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 500}})
        place(token="tok_unavailable")
        work_off()
        client = enter("agent")
        few = queries_of(client, reverse("admin:index"))
        for _ in range(19):
            place()
        work_off()
        assert queries_of(client, reverse("admin:index")) <= few


def queries_of(client: Client, page: str) -> int:
    """Count the queries of a page that somebody opened a moment ago."""
    # So that what the page keeps for a while does not run out between the two looks.
    cache.clear()
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    return len(queries)
