"""The schedule and the requests of the load generator."""

import json

import pytest

from tests.performance.connection import read_answer
from tests.performance.load import Load, Phase, arrivals, at_rate, requests

ORDER_ID = "0199f3c2-7a61-7d5e-9c11-2b0f6f1f8a11"


def make_load(hot_sku: str | None = None) -> Load:
    return Load(
        host="127.0.0.1",
        port=8000,
        token="secret",
        customer_id="0199f3c2-7a61-7d5e-9c11-000000000001",
        key_prefix="bench-1",
        phases=[at_rate(600, 2)],
        hot_sku=hot_sku,
    )


def body_of(request: bytes) -> dict[str, object]:
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return dict(json.loads(body))


class TestSchedule:
    def test_has_as_many_arrivals_as_the_rate_asks_for(self) -> None:
        assert at_rate(2_000, 60) == Phase(orders=2_000, seconds=60)
        assert len(arrivals([at_rate(200, 30), at_rate(2_000, 30)], seed=1)) == 1_100

    def test_keeps_each_phase_in_its_time(self) -> None:
        instants = arrivals([at_rate(600, 10), at_rate(6_000, 10)], seed=1)
        assert instants == sorted(instants)
        assert instants[0] >= 0
        assert instants[99] < 10 <= instants[100]
        assert instants[-1] < 20

    def test_is_the_same_every_time(self) -> None:
        assert arrivals([at_rate(600, 5)], seed=3) == arrivals([at_rate(600, 5)], seed=3)
        assert arrivals([at_rate(600, 5)], seed=3) != arrivals([at_rate(600, 5)], seed=4)

    def test_of_a_burst_is_one_instant(self) -> None:
        assert arrivals([Phase(orders=200, seconds=0)], seed=1) == [0.0] * 200


class TestRequests:
    def test_order_two_different_skus_each(self) -> None:
        for request in requests(make_load(), 50):
            items = body_of(request)["items"]
            assert isinstance(items, list)
            assert len({item["sku"] for item in items}) == 2

    def test_have_a_key_of_their_own_each(self) -> None:
        keys = {
            line
            for request in requests(make_load(), 50)
            for line in request.split(b"\r\n")
            if line.startswith(b"Idempotency-Key: ")
        }
        assert len(keys) == 50

    def test_all_want_the_hot_sku_and_another(self) -> None:
        for request in requests(make_load(hot_sku="SKU-0001"), 2_000):
            items = body_of(request)["items"]
            assert isinstance(items, list)
            assert items[0]["sku"] == "SKU-0001"
            assert items[1]["sku"] != "SKU-0001"


class TestReadAnswer:
    BODY = b'{"id":"x"}'
    HEAD = (
        b"HTTP/1.1 202 Accepted\r\nlocation: /api/v1/orders/"
        + ORDER_ID.encode()
        + b"\r\nContent-Length: 10\r\n\r\n"
    )

    def test_finds_status_order_and_length(self) -> None:
        whole = self.HEAD + self.BODY
        assert read_answer(whole + b"HTTP/1.1") == (202, ORDER_ID, len(whole))

    @pytest.mark.parametrize("missing", [1, 10, 11, 60])
    def test_waits_for_the_rest(self, missing: int) -> None:
        assert read_answer((self.HEAD + self.BODY)[:-missing]) is None

    def test_understands_an_answer_in_chunks(self) -> None:
        head = b"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert read_answer(head + b"2\r\nno\r\n") is None
        whole = head + b"2\r\nno\r\n0\r\n\r\n"
        assert read_answer(whole) == (503, "", len(whole))
