"""The doors of orders: placed, asked for again, read, listed and called off."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection

from apps.orders.models import Order, OrderItem
from apps.platform.web.preferences import patience
from tests.integration.api.conftest import PLACEMENT, Caller, problem
from tests.integration.shop import dispatch_all, drain_all, stock, work_off
from tests.log_lines import line_of, written_lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop() -> None:
    stock({"SKU-A": {"BER": 100}, "SKU-B": {"BER": 100}})


class TestPlacing:
    def test_answers_202_with_the_order(self, service: Caller) -> None:
        answer = service.place()
        assert answer.status_code == 202
        order = json.loads(answer.content)
        assert order["status"] == "created"
        assert order["items"][0]["line_total"] == {"amount": "39.80", "currency": "EUR"}
        assert order["totals"] == {
            name: {"amount": amount, "currency": "EUR"}
            for name, amount in (
                ("items", "39.80"),
                ("discounts", "0.00"),
                ("shipping", "4.90"),
                ("tax", "0.00"),
                ("grand_total", "44.70"),
            )
        }
        assert answer.headers["Location"] == order["links"]["self"]

    def test_merges_lines_of_one_sku(self, service: Caller) -> None:
        line = {"sku": "SKU-A", "quantity": 2}
        assert service.place(items=[line, line]).status_code == 202
        assert OrderItem.objects.get().quantity == 4

    def test_is_found_again_by_id_and_by_number_as_a_person_types_it(self, service: Caller) -> None:
        order = json.loads(service.place().content)
        work_off()
        typed = order["number"].lower().replace("-", " ")
        for reference in (order["id"], order["number"], typed):
            found = json.loads(service.call("GET", f"/orders/{reference}").content)
            assert (found["id"], found["status"]) == (order["id"], "confirmed")
        assert next(step["what"] for step in found["timeline"]) == "Order placed"

    def test_is_found_in_the_log_by_its_id(self, service: Caller) -> None:
        with written_lines() as lines:
            order = json.loads(service.place().content)
        line = line_of(lines, "request answered")
        assert (line["order_id"], line["amount"]) == (order["id"], "44.70")

    def test_waits_for_the_outcome_where_the_caller_prefers(self, service: Caller) -> None:
        with ThreadPoolExecutor(1) as worker:
            pending = worker.submit(self._work_off_soon)
            answer = service.call(
                "POST",
                "/orders",
                {"customer_id": str(uuid.uuid4()), **PLACEMENT},
                **{"Idempotency-Key": "k", "Prefer": "wait=10"},
            )
            pending.result()
        assert (answer.status_code, json.loads(answer.content)["status"]) == (200, "confirmed")
        assert answer.headers["Preference-Applied"] == "wait=10"

    def test_waits_no_longer_than_until_the_customer_has_to_act(self, service: Caller) -> None:
        pay = {"provider": "sandbox", "method": {"type": "card", "token": "tok_requires_action"}}
        with ThreadPoolExecutor(1) as worker:
            pending = worker.submit(self._work_off_soon, payment_status="requires_action")
            answer = service.place(payment=pay, headers={"Prefer": "wait=10"})
            pending.result()
        order = json.loads(answer.content)
        assert (answer.status_code, order["status"]) == (200, "payment_pending")
        assert order["payment"]["action_url"]

    def test_says_where_the_order_stands_when_nothing_is_settled_in_time(
        self, service: Caller
    ) -> None:
        pay = {"provider": "sandbox", "method": {"type": "card", "token": "tok_unavailable"}}
        with ThreadPoolExecutor(1) as worker:
            pending = worker.submit(self._work_off_soon, payment_status="pending")
            answer = service.place(payment=pay, headers={"Prefer": "wait=2"})
            pending.result()
        assert (answer.status_code, json.loads(answer.content)["status"]) == (
            202,
            "payment_pending",
        )
        assert answer.headers["Preference-Applied"] == "wait=2"

    def test_has_no_more_callers_wait_than_it_has_threads_to_spare(
        self, service: Caller, settings: Any
    ) -> None:
        with ExitStack() as seats:
            for _ in range(settings.OMS_WAITING_REQUESTS):
                assert seats.enter_context(patience())
            answer = service.place(headers={"Prefer": "wait=10"})
            assert answer.status_code == 202
            assert "Preference-Applied" not in answer.headers
        with patience() as has_patience:
            assert has_patience

    @staticmethod
    def _work_off_soon(**wanted: str) -> None:
        try:
            while not Order.objects.filter(**(wanted or {"status": "confirmed"})).exists():
                work_off()
        finally:
            connection.close()


class TestRepeating:
    def test_gives_the_same_answer_and_makes_nothing_new(self, service: Caller) -> None:
        customer = str(uuid.uuid4())
        first, second = (service.place("one-key", customer_id=customer) for _ in range(2))
        assert first.content == second.content
        assert (first.status_code, second.status_code) == (202, 202)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers
        assert Order.objects.count() == 1

    def test_gives_the_outcome_to_one_who_would_wait_for_it(self, service: Caller) -> None:
        """Whoever lost the connection while waiting repeats the request to hear what came of it."""
        customer = str(uuid.uuid4())
        first = service.place("k", customer_id=customer)
        work_off()
        second, third = (
            service.place("k", customer_id=customer, headers={"Prefer": "wait=5"}) for _ in range(2)
        )
        assert (second.status_code, json.loads(second.content)["status"]) == (200, "confirmed")
        assert second.headers["Idempotent-Replayed"] == "true"
        assert second.headers["Location"] == first.headers["Location"]
        assert third.content == second.content
        assert service.place("k", customer_id=customer).content == first.content
        assert Order.objects.count() == 1

    def test_refuses_the_key_with_another_body(self, service: Caller) -> None:
        customer = str(uuid.uuid4())
        service.place("one-key", customer_id=customer)
        answer = service.place(
            "one-key", customer_id=customer, currency="USD", items=[{"sku": "SKU-A", "quantity": 1}]
        )
        assert (answer.status_code, problem(answer)["code"]) == (422, "idempotency_key_reused")

    def test_keeps_the_keys_of_callers_apart(self, customers: list[Caller]) -> None:
        answers = [customer.place("same") for customer in customers]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert Order.objects.count() == 2

    def test_asks_for_a_key(self, service: Caller) -> None:
        answer = service.call("POST", "/orders", PLACEMENT)
        assert (answer.status_code, problem(answer)["code"]) == (400, "idempotency_key_missing")

    def test_many_at_once_are_one_order_with_equal_answers(self, service: Caller) -> None:
        customer = str(uuid.uuid4())

        def place(_: int) -> bytes:
            try:
                answer = service.place("one-key", customer_id=customer)
                assert answer.status_code == 202
                return answer.content
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            bodies = set(pool.map(place, range(40)))
        assert len(bodies) == 1
        assert Order.objects.count() == 1


class TestReach:
    def test_a_customer_sees_and_touches_their_own_orders_alone(
        self, customers: list[Caller], service: Caller
    ) -> None:
        mine, theirs = (json.loads(customer.place().content) for customer in customers)
        listed = json.loads(customers[0].call("GET", "/orders").content)
        assert [order["id"] for order in listed["results"]] == [mine["id"]]
        for path in ("", "/timeline"):
            assert customers[0].call("GET", f"/orders/{theirs['id']}{path}").status_code == 404
        assert customers[0].call("POST", f"/orders/{theirs['id']}/cancel").status_code == 404
        assert Order.objects.get(id=theirs["id"]).status == "created"
        everything = json.loads(service.call("GET", "/orders").content)
        assert len(everything["results"]) == 2

    def test_a_customer_cannot_order_for_another(self, customers: list[Caller]) -> None:
        answer = customers[0].place(customer_id=str(customers[1].customer_id))
        assert (answer.status_code, problem(answer)["code"]) == (403, "foreign_customer")

    def test_asks_who_is_calling(self) -> None:
        answer = Caller("nonsense").place()
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


class TestListing:
    def test_pages_through_all_orders_newest_first(self, service: Caller) -> None:
        placed = [json.loads(service.place().content)["id"] for _ in range(5)]
        seen: list[str] = []
        cursor = ""
        while True:
            page = json.loads(service.call("GET", f"/orders?page_size=2{cursor}").content)
            seen += [order["id"] for order in page["results"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == placed[::-1]

    @pytest.mark.parametrize(
        "query",
        [
            "page_size=101",
            "page_size=0",
            "page_size=1e1",
            "cursor=x",
            "status=lost",
            "nonsense=1",
            "created_after=2026-01-01T00:00:00",
            "created_before=yesterday",
        ],
    )
    def test_refuses_a_query_it_does_not_know(self, service: Caller, query: str) -> None:
        assert service.call("GET", f"/orders?{query}").status_code == 422

    def test_takes_any_instant_as_a_bound(self, service: Caller) -> None:
        order = json.loads(service.place().content)
        early, late = "0001-01-01T00:00:00%2B02:00", "9999-12-31T23:59:59-14:00"
        for query, expected in (
            (f"created_after={early}&created_before={late}", [order["id"]]),
            (f"created_before={early}", []),
            (f"created_after={late}", []),
        ):
            answer = service.call("GET", f"/orders?{query}")
            assert answer.status_code == 200, answer.content
            found = json.loads(answer.content)["results"]
            assert [one["id"] for one in found] == expected


class TestReading:
    def test_tags_every_change_of_the_document(self, service: Caller) -> None:
        order = json.loads(service.place().content)
        seen: dict[str, bytes] = {}
        for step in (drain_all, dispatch_all) * 4:
            answer = service.call("GET", f"/orders/{order['id']}")
            assert seen.setdefault(answer.headers["ETag"], answer.content) == answer.content
            step()
        assert len(seen) >= 4


class TestCancelling:
    def test_answers_202_and_is_cancelled_soon(self, service: Caller) -> None:
        order = json.loads(service.place().content)
        answer = service.call("POST", f"/orders/{order['id']}/cancel", {"reason": "too slow"})
        assert (answer.status_code, json.loads(answer.content)["status"]) == (
            202,
            "cancellation_pending",
        )
        work_off()
        answer = service.call("POST", f"/orders/{order['id']}/cancel")
        assert (answer.status_code, json.loads(answer.content)["status"]) == (200, "cancelled")

    def test_refuses_once_it_is_on_its_way_and_says_where_it_stands(self, service: Caller) -> None:
        order = json.loads(service.place().content)
        work_off()
        stored = Order.objects.get(id=order["id"])
        stored.process()
        stored.save()
        answer = service.call("POST", f"/orders/{order['id']}/cancel")
        assert (answer.status_code, problem(answer)["code"]) == (
            409,
            "illegal_transition",
        )
