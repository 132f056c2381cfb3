"""Warehouses, staff, the dashboard and the way around the back office."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from apps.inventory.models import Warehouse
from apps.orders.models import Order
from apps.platform.audit.models import AuditEntry
from apps.platform.outbox.models import Delivery, ParkedKey
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day
from tests.integration.shop import stock

pytestmark = pytest.mark.django_db(transaction=True)

PARKED = "/admin/platform_outbox/parkedkey/"
BERLIN = "/admin/inventory/warehouse/BER/change/"


def waiting(parked: ParkedKey) -> list[int]:
    deliveries = Delivery.objects.filter(key=parked.key).order_by("event_id")
    return list(deliveries.values_list("event_id", flat=True))


class TestWarehouse:
    FORM = {"name": "Berlin East", "priority": "3", "line1": "Hafen 1", "country": "DE"}

    def test_is_changed_by_operations_and_audited(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 1}})
        Warehouse.objects.update(address={"city": "Berlin", "dock": "7"})
        assert enter("operations").post(BERLIN, self.FORM).status_code == 302
        after = Warehouse.objects.get(code="BER")
        assert (after.name, after.priority, after.active) == ("Berlin East", 3, False)
        assert after.address == {"line1": "Hafen 1", "country": "DE", "dock": "7"}
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_id) == ("inventory.change_warehouse", "BER")
        assert entry.changes == {
            "name": ["BER", "Berlin East"],
            "priority": [0, 3],
            "active": [True, False],
            "line1": ["", "Hafen 1"],
            "city": ["Berlin", ""],
            "country": ["", "DE"],
        }

    def test_that_stays_as_it_is_leaves_no_entry(self, enter: Enter) -> None:
        stock({"SKU-A": {"BER": 1}})
        same = {"name": "BER", "priority": "0", "active": "on"}
        assert enter("operations").post(BERLIN, same).status_code == 302
        assert not AuditEntry.objects.exists()

    @pytest.mark.parametrize("role", ["agent", "lead", "finance", "auditor"])
    def test_is_shown_and_not_changed_by_other_roles(self, enter: Enter, role: str) -> None:
        stock({"SKU-A": {"BER": 1}})
        Warehouse.objects.update(address={"city": "Berlin"})
        client = enter(role)
        page = client.get(BERLIN).content.decode()
        assert "Berlin" in page
        assert 'name="priority"' not in page
        assert client.post(BERLIN, self.FORM).status_code == 403
        assert Warehouse.objects.get(code="BER").name == "BER"

    def test_is_opened_by_those_who_may_add_one(self, enter: Enter) -> None:
        page = "/admin/inventory/warehouse/add/"
        assert enter("operations").post(page, {**self.FORM, "code": "MUC"}).status_code == 403
        assert enter("root").post(page, {**self.FORM, "code": "MUC"}).status_code == 302
        assert Warehouse.objects.get().address == {"line1": "Hafen 1", "country": "DE"}
        assert AuditEntry.objects.get().action == "inventory.add_warehouse"


class TestStaff:
    def test_changes_are_audited_without_their_values(self, enter: Enter) -> None:
        client = enter("root")
        enter("agent")
        agent = User.objects.get(username="agent")
        secret = "an entirely new secret"
        answer = client.post(
            f"/admin/auth/user/{agent.pk}/password/", {"password1": secret, "password2": secret}
        )
        assert answer.status_code == 302
        assert User.objects.get(pk=agent.pk).check_password(secret)
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_id) == ("staff.change_user", str(agent.pk))
        assert secret not in str(entry.changes)

    def test_is_seen_by_superusers_alone(self, enter: Enter) -> None:
        assert enter("operations").get("/admin/auth/user/").status_code == 403
        root = enter("root")
        for page in ("user/", "user/add/", "group/", "group/add/"):
            assert root.get(f"/admin/auth/{page}").status_code == 200, page

    def test_is_not_deleted(self, enter: Enter) -> None:
        client = enter("root")
        enter("agent")
        agent = User.objects.get(username="agent")
        answer = client.post(f"/admin/auth/user/{agent.pk}/delete/", {"post": "yes"})
        assert answer.status_code == 403
        assert User.objects.filter(pk=agent.pk).exists()


class TestDashboard:
    def test_counts_the_day(self, enter: Enter) -> None:
        make_day()
        context = enter("agent").get(reverse("admin:index")).context
        figures = {figure.label: figure.value for figure in context["figures"]}
        assert figures == {
            "Orders in the last hour": "7",
            "Revenue in 24 hours": "89.40 EUR<br>",
            "Conversion": "28.6 %",
            "Waiting for over 5 minutes": "0",
            "Dead letters": "0",
        }
        assert {bar.label: bar.text for bar in context["funnel"]} == {
            "Placed": "7 · 100 %",
            "Stock held": "4 · 57 %",
            "Payment authorized": "2 · 29 %",
            "Confirmed": "2 · 29 %",
            "Processing": "0 · 0 %",
            "Shipped": "0 · 0 %",
            "Being cancelled": "0 · 0 %",
            "Cancelled": "3 · 43 %",
        }
        assert '"EUR"' in context["per_hour"].data
        gates = [row[0] for row in context["gates"].tables[0].rows]
        assert gates == [
            "sandbox",
            "sandbox-down",
            "sandbox-lost",
            "sandbox-twice",
            "stripe",
            "adyen",
            "paypal",
        ]

    def test_names_orders_that_stand_still(self, enter: Enter) -> None:
        day = make_day()
        # In hours, which leave out the seconds that pass until the page is made.
        Order.objects.update(updated_at=timezone.now() - timedelta(hours=7))
        page = enter("agent").get(reverse("admin:index"))
        shown = page.context["stuck"].tables[0].rows
        assert [day.waiting.number in shown[0][0], day.approving.number in shown[1][0]] == [
            True,
            True,
        ]
        assert shown[0][3] == "7 h"
        figures = {figure.label: figure.value for figure in page.context["figures"]}
        assert figures["Waiting for over 5 minutes"] == "2"

    def test_goes_on_without_orders(self, enter: Enter) -> None:
        assert enter("agent").get(reverse("admin:index")).status_code == 200


class TestSidebar:
    def test_lights_one_entry(self, enter: Enter) -> None:
        client = enter("operations")
        for page, lit in (
            (reverse("admin:platform_outbox_lag"), "Event lag"),
            (PARKED, "Parked events"),
            ("/admin/payments/paymentoperation/", "Provider calls"),
        ):
            groups = client.get(page).context["sidebar_navigation"]
            items = [item for group in groups for item in group["items"]]
            assert [item["title"] for item in items if item["active"]] == [lit]

    def test_shows_staff_to_superusers_alone(self, enter: Enter) -> None:
        def titles(role: str) -> set[str]:
            groups = enter(role).get(reverse("admin:index")).context["sidebar_navigation"]
            return {item["title"] for group in groups for item in group["items"]}

        assert titles("root") - titles("auditor") == {"Staff", "Roles"}
        assert titles("nobody") == {"Dashboard"}
