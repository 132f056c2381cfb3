"""Idempotency keys in the back office: what became of each, and nothing of what was answered."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from apps.orders.models import Order
from apps.platform.idempotency.models import IdempotencyRecord
from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.principals import ALL_SCOPES
from tests.integration.admin.conftest import Enter
from tests.integration.admin.order_pages import words_of
from tests.integration.admin.test_pages import queries_of
from tests.integration.api.conftest import Caller
from tests.integration.shop import stock, work_off
from tests.unit.web.keys import new_private_key

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

ROW = re.compile(r'href="(/admin/idempotency/key/[^"]*)"')
ODD_KEY = 'a "key" & <more>?/#%'


@pytest.fixture
def service(settings: Any) -> Caller:
    """A service that may do everything."""
    private_key = new_private_key()
    settings.OMS_JWKS = public_jwks(private_key)
    token = issue_token(
        private_key_pem=private_key,
        subject="storefront",
        scopes=ALL_SCOPES,
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
    return Caller(token)


def log(**query: str) -> str:
    return f"{reverse('platform_idempotency_log')}?{urlencode(query)}"


def record(client: str, key: str) -> str:
    return f"{reverse('platform_idempotency_record')}?{urlencode({'client': client, 'key': key})}"


def remember(client: str, *keys: str, **fields: Any) -> None:
    """Remember an answer to each key, each a second after the one before."""
    now = timezone.now() - timedelta(minutes=10)
    IdempotencyRecord.objects.bulk_create(
        IdempotencyRecord(
            **{
                "client": client,
                "key": key,
                "fingerprint": b"\x0f" * 32,
                "status": 201,
                "body": b'{"name": "Ada Example"}',
                "created_at": now + timedelta(seconds=nth),
                "expires_at": now + timedelta(days=1, seconds=nth),
                **fields,
            }
        )
        for nth, key in enumerate(keys)
    )


class TestTheKeys:
    def test_say_what_they_were_used_for(self, enter: Enter, service: Caller) -> None:
        stock({"SKU-A": {"BER": 5}})
        assert service.place("of the order").status_code == 202
        work_off()
        order = Order.objects.get()
        refund = service.call(
            "POST", f"/orders/{order.id}/refunds", {}, **{"Idempotency-Key": "of the refund"}
        )
        assert refund.status_code == 202
        client = enter("operations")
        shown = words_of(client, log())
        assert f"service:storefront of the order placing {order.number} 202 gets the same" in shown
        assert "of the refund the money of an order 202 gets the same answer" in shown
        assert client.get(log()).content.decode().count(f"/orders/order/{order.id}/change/") == 2
        detail = words_of(client, record("service:storefront", "of the order"))
        assert f"Used for placing {order.number}" in detail

    def test_show_nothing_of_the_answer(self, enter: Enter) -> None:
        remember("customer:7", "mine", headers={"Location": "/api/v1/customers/7", "X-Note": "no"})
        client = enter("operations")
        for page in (log(), record("customer:7", "mine")):
            shown = words_of(client, page)
            assert "/api/v1/customers/7" in shown
            assert "Ada" not in shown
            assert "X-Note" not in shown
        assert "0f" * 32 in words_of(client, record("customer:7", "mine"))

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"order_id": "none"}', b'"x"'])
    def test_show_an_answer_that_names_nothing(self, enter: Enter, body: bytes) -> None:
        remember("customer:7", "mine", body=body, headers={"Location": "/api/v1/orders/none"})
        assert "/api/v1/orders/none 201" in words_of(enter("operations"), log())

    def test_say_when_a_key_is_as_good_as_new(self, enter: Enter) -> None:
        past = timezone.now() - timedelta(days=2)
        remember("customer:7", "old", created_at=past, expires_at=past + timedelta(days=1))
        assert "is a new request" in words_of(enter("operations"), log())

    def test_are_found_by_client_and_key(self, enter: Enter) -> None:
        remember("customer:7", "b", "a")
        remember("customer:8", "a", "c", ODD_KEY)
        client = enter("operations")

        def found(**query: str) -> list[str]:
            return [unescape(row) for row in ROW.findall(client.get(log(**query)).content.decode())]

        assert found(client=" customer:7 ") == [record("customer:7", key) for key in ("a", "b")]
        assert found(client="customer:8", key="a") == [record("customer:8", "a")]
        (row,) = found(client="customer:8", key=ODD_KEY)
        assert ODD_KEY in words_of(client, row)
        assert found(key="a") == []
        assert "Name the client, too" in words_of(client, log(key="a"))
        for nonsense in ("nobody", "' OR 1=1 --", "%", "9" * 5000):
            assert "No key fits." in words_of(client, log(client=nonsense, key=nonsense))

    @pytest.mark.parametrize("query", [{}, {"client": "customer:7"}])
    def test_are_leafed_through(
        self, enter: Enter, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
    ) -> None:
        monkeypatch.setattr("apps.platform.idempotency.admin.SHOWN", 3)
        remember("customer:7", *(f"key {nth}" for nth in range(8)))
        # Those of one moment must not be lost between two pages.
        IdempotencyRecord.objects.filter(key__gt="key 2").update(
            expires_at=timezone.now() + timedelta(days=2)
        )
        client, page, seen = enter("operations"), log(**query), []
        for _ in range(3):
            shown = client.get(page).content.decode()
            seen += ROW.findall(shown)
            if further := re.search(r'href="\?([^"]*after_key=[^"]*)"', shown):
                page = f"{reverse('platform_idempotency_log')}?{unescape(further[1])}"
        assert further is None
        assert len(seen) == len(set(seen)) == 8

    @pytest.mark.parametrize("at", ["x", "2020-13-01", "0001-01-01T00:00:00+14:00", "9" * 50])
    def test_open_wherever_an_address_points(self, enter: Enter, at: str) -> None:
        remember("customer:7", "mine")
        client = enter("operations")
        assert client.get(log(at=at, after_client="x")).status_code == 200
        assert client.get(record("customer:7", "nowhere")).status_code == 404
        assert client.get(reverse("platform_idempotency_record")).status_code == 404

    def test_are_closed_without_a_role(self, enter: Enter) -> None:
        remember("customer:7", "mine")
        nobody = enter("nobody")
        for page in (log(), record("customer:7", "mine")):
            assert nobody.get(page).status_code == 403


class TestCost:
    def test_does_not_grow_with_the_keys(self, enter: Enter) -> None:
        client, pages = enter("operations"), (log(), log(client="customer:7"))
        none = [queries_of(client, page) for page in pages]
        remember("customer:7", *(f"key {nth}" for nth in range(60)))
        assert [queries_of(client, page) for page in pages] == none

    def test_is_that_of_an_index(self, enter: Enter) -> None:
        remember("customer:7", *(f"key {nth}" for nth in range(60)))
        client = enter("operations")
        at = timezone.now().isoformat()
        for page, index in (
            (log(), "idempotency_record_expiry"),
            (log(at=at, after_client="x", after_key="x"), "idempotency_record_expiry"),
            (log(client="customer:7", after_key="x"), "idempotency_record_pkey"),
            (log(client="customer:7", key="key 1"), "idempotency_record_pkey"),
            (record("customer:7", "key 1"), "idempotency_record_pkey"),
        ):
            with CaptureQueriesContext(connection) as queries:
                client.get(page)
            (asked,) = [one["sql"] for one in queries if 'FROM "idempotency_record"' in one["sql"]]
            with connection.cursor() as cursor:
                cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
                cursor.execute("EXPLAIN " + asked.replace("%", "%%"))
                plan = "\n".join(row[0] for row in cursor.fetchall())
                cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")
            assert index in plan, page
            assert not re.search(r"(?<!Incremental )Sort  ", plan), (page, plan)
