"""What the guard turns away before anybody reads it."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs

from apps.platform.web.middleware import MAX_BODY_BYTES
from tests.card_writings import FULL_WIDTH, SLASHED
from tests.unit.web.keys import Tokens

BASKET = {"items": [{"sku": "SKU-0001", "quantity": 2}]}
CARD = "4111111111111111"


def post(client: Client, path: str, body: bytes) -> tuple[int, str]:
    answer = client.post(path, body, content_type="application/json")
    return answer.status_code, answer.json().get("code", "")


class TestCardNumbers:
    @pytest.mark.parametrize(
        "body",
        [
            {**BASKET, "metadata": {"note": CARD}},
            {**BASKET, "metadata": {"note": "pay with 4111 1111 1111 1111, please"}},
            {**BASKET, "card": int(CARD)},
            {**BASKET, "metadata": {CARD: "x"}},
        ],
    )
    def test_are_refused_anywhere_in_a_body(self, client: Client, body: object) -> None:
        refused = post(client, "/api/v1/baskets", json.dumps(body).encode())
        assert refused == (422, "card_number_refused")

    def test_are_refused_from_strangers_too_and_in_what_is_no_json(self, stranger: Client) -> None:
        refused = post(stranger, "/api/v1/baskets", f"card={CARD}&".encode())
        assert refused == (422, "card_number_refused")

    @pytest.mark.parametrize(
        "query",
        [
            *(f"q={CARD}", "q=4111+1111%201111-1111", "q=%34111111111111111"),
            *(f"q={quote(FULL_WIDTH)}", f"q={FULL_WIDTH}"),
        ],
    )
    def test_are_refused_in_a_query(self, client: Client, query: str) -> None:
        answer = client.get(f"/api/v1/baskets?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "card_number_refused")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({**BASKET, "metadata": {"a": [1, {"b/c": f"x {CARD}"}]}}, "/metadata/a/1/b~1c"),
            (
                {"orders": [{"at": n, "id": CARD if n == 7 else "x"} for n in range(9)]},
                "/orders/7/id",
            ),
            ({"metadata": {CARD: "x", "y": 1}}, "/metadata"),
            ({"metadata": {"x": 4.111111111111111e15}}, "/metadata/x"),
            ({"a": {"cvv": ["737", "738"]}}, "/a/cvv"),
            ({"a": {"cvv": 737}}, "/a/cvv"),
            ({"4111": {"1111": {"1111": {"1111": CARD}}}}, "/4111/1111/1111"),
            ({"4000/0566": {"5566/5556": CARD}}, "/4000~10566"),
            ({"4000\\0566": {"5566": {"5556": CARD}}}, "/4000\\0566/5566"),
            ({"4000~566": {"5566": {"5556": CARD}}}, "/4000~0566/5566"),
        ],
    )
    def test_are_pointed_at_without_being_repeated(
        self, client: Client, body: object, pointer: str
    ) -> None:
        answer = client.post("/api/v1/baskets", body, content_type="application/json")
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert CARD.encode() not in answer.content

    def test_are_refused_in_a_body_that_nests_too_deep(self, client: Client) -> None:
        body = b"[" * 20_000 + f'"{CARD}"'.encode() + b"]" * 20_000
        assert post(client, "/api/v1/baskets", body) == (422, "card_number_refused")

    def test_are_refused_as_a_key_and_the_key_is_named(self, client: Client) -> None:
        answer = client.post("/api/v1/baskets", BASKET, headers={"Idempotency-Key": CARD})
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "card_number_refused")
        assert [error["parameter"] for error in told["errors"]] == ["Idempotency-Key"]
        assert told["errors"][0]["detail"].startswith("This looks like a card number")
        assert CARD.encode() not in answer.content

    @pytest.mark.parametrize("key", [FULL_WIDTH, FULL_WIDTH.encode().decode("latin-1"), SLASHED])
    def test_are_refused_as_a_key_as_servers_hand_it_over(self, client: Client, key: str) -> None:
        answer = client.post("/api/v1/baskets", BASKET, headers={"Idempotency-Key": key})
        assert [error["parameter"] for error in answer.json()["errors"]] == ["Idempotency-Key"]

    @pytest.mark.parametrize("name", [CARD, f"card{CARD}", "CVV:737"])
    def test_are_no_request_id(self, client: Client, name: str) -> None:
        answer = client.get("/api/v1/baskets", headers={"X-Request-ID": name})
        assert answer.headers["X-Request-ID"] != name

    def test_are_neither_repeated_nor_logged(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with capture_logs() as lines:
            answer = client.post(
                f"/api/v1/baskets?q={CARD}",
                json.dumps({"note": CARD}),
                content_type="application/json",
            )
        assert CARD.encode() not in answer.content
        assert CARD not in caplog.text + repr(lines)

    def test_do_not_matter_in_what_providers_send(self, client: Client) -> None:
        body = json.dumps({**BASKET, "metadata": {"reference": CARD}}).encode()
        assert post(client, "/api/v1/webhooks/acme", body)[0] == 202

    def test_do_not_matter_outside_the_api(self, stranger: Client) -> None:
        assert stranger.get(f"/nowhere?q={CARD}").status_code == 404


class TestSize:
    def test_at_the_limit_is_read(self, client: Client) -> None:
        body = json.dumps(BASKET).encode().ljust(MAX_BODY_BYTES)
        assert post(client, "/api/v1/baskets", body)[0] == 202

    def test_over_the_limit_is_refused_unread(self, client: Client) -> None:
        refused = client.generic(
            "POST",
            "/api/v1/baskets",
            b"x",
            content_type="application/json",
            CONTENT_LENGTH=str(MAX_BODY_BYTES + 1),
        )
        assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")

    def test_may_be_larger_where_the_settings_say_so(
        self, settings: Settings, client: Client
    ) -> None:
        settings.OMS_MAX_BODY_BYTES_BELOW = {"/api/v1/baskets": 2 * MAX_BODY_BYTES}
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * MAX_BODY_BYTES
        body = json.dumps(BASKET).encode()
        assert post(client, "/api/v1/baskets", body.ljust(2 * MAX_BODY_BYTES))[0] == 202
        assert post(client, "/api/v1/baskets", body.ljust(2 * MAX_BODY_BYTES + 1))[0] == 413
        assert post(client, "/api/v1/me", body.ljust(MAX_BODY_BYTES + 1))[0] == 413

    def test_over_what_django_reads_is_refused_alike(
        self, settings: Settings, client: Client
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        refused = post(client, "/api/v1/baskets", json.dumps(BASKET).encode().ljust(101))
        assert refused == (413, "body_too_large")


class TestNullCharacters:
    def test_are_refused_in_urls(self, client: Client) -> None:
        for url in ("/api/v1/baskets?q=%00", "/api/v1/baskets%00"):
            assert client.get(url).status_code == 400


class TestRequestId:
    @pytest.mark.parametrize(
        "sent", ["0198a000-0000-7000-8000-000000000009", "checkout-7", "a.b:c_d-1", "x" * 64]
    )
    def test_comes_back_as_it_was_sent(self, client: Client, sent: str) -> None:
        answer = client.get("/api/v1/me", headers={"X-Request-ID": sent})
        assert answer.headers["X-Request-ID"] == sent
        assert answer.json()["causation_id"] == f"request:{sent}"

    @pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "-a", "é", "a\tb", "<script>"])
    def test_is_a_new_uuid_where_it_is_unusable(self, client: Client, sent: str) -> None:
        answer = client.get("/api/v1/me", headers={"X-Request-ID": sent})
        given = UUID(answer.headers["X-Request-ID"])
        assert given.version == 7
        assert answer.json()["correlation_id"] == str(given)

    def test_that_is_no_uuid_always_makes_the_same_correlation_id(self, client: Client) -> None:
        first, second, other = (
            client.get("/api/v1/me", headers={"X-Request-ID": sent}).json()["correlation_id"]
            for sent in ("checkout-7", "checkout-7", "checkout-8")
        )
        assert first == second != other

    def test_is_given_outside_the_api_too(self, stranger: Client) -> None:
        assert UUID(stranger.get("/nowhere").headers["X-Request-ID"])


class TestTrace:
    TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    def test_of_the_caller_is_gone_on_with(self, client: Client) -> None:
        answer = client.get("/api/v1/me", headers={"traceparent": self.TRACEPARENT})
        assert answer.json()["trace_context"] == self.TRACEPARENT

    def test_is_kept_without_what_later_versions_add(self, client: Client) -> None:
        later = "01" + self.TRACEPARENT[2:] + "-4000056655665556"
        answer = client.get("/api/v1/me", headers={"traceparent": later})
        assert answer.json()["trace_context"] == self.TRACEPARENT

    @pytest.mark.parametrize(
        "sent",
        [
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "nonsense",
            "00-00000000000000004000056655665556-00f067aa0ba902b7-01",
            "00-4000056655665556abcdefabcdefabcd-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-4000056655665556-01",
            "00-4bf92f3577b34da6a3ce929d40000566-55665556aba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0ba4222222222222-04",
        ],
    )
    def test_that_is_malformed_or_holds_a_card_is_ignored(self, client: Client, sent: str) -> None:
        answer = client.get("/api/v1/me", headers={"traceparent": sent})
        assert answer.json()["trace_context"] == ""


class TestMethods:
    def test_that_a_function_does_not_know_are_refused_with_a_problem(self, client: Client) -> None:
        answer = client.post("/api/v1/safe")
        assert answer.status_code == 405
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Allow"] == "GET, HEAD"
        assert (answer.json()["code"], answer.json()["detail"]) == (
            "method_not_allowed",
            "POST is not possible here.",
        )

    def test_that_a_page_does_not_know_are_left_to_it(self, client: Client) -> None:
        answer = client.post("/safe")
        assert (answer.status_code, answer.content) == (405, b"")


class TestHeaders:
    def test_seal_every_answer_of_the_api(self, client: Client) -> None:
        for answer in (client.get("/api/v1/me"), client.get("/api/v1/nowhere")):
            assert answer.headers["Content-Security-Policy"] == (
                "default-src 'none'; frame-ancestors 'none'"
            )
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"

    def test_leave_pages_to_their_own_policy(self, stranger: Client, token: Tokens) -> None:
        assert "Content-Security-Policy" not in stranger.get("/nowhere").headers
