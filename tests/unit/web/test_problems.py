"""How the API says no, and that it never says too much."""

from __future__ import annotations

import msgspec
import psycopg
import pytest
from django.db import InternalError
from django.test import Client
from psycopg.errors import (
    IdleInTransactionSessionTimeout,
    QueryCanceled,
    ReadOnlySqlTransaction,
)
from pytest_django import Settings
from structlog.testing import capture_logs

from apps.platform.web.problems import Problem, refusal_for
from apps.platform.web.refusals import STATUS_OF, register_statuses


@pytest.fixture(autouse=True)
def statuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STATUS_OF, "test_price_changed", 409)


class TestProblem:
    def test_carries_the_refusal_its_facts_and_the_ids(self, stranger: Client) -> None:
        answer = stranger.get(
            "/api/v1/failing/price",
            headers={"X-Request-ID": "0198a000-0000-7000-8000-00000000abcd"},
        )
        assert answer.status_code == 409
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "current": "12.00",
            "type": "urn:oms:problem:test_price_changed",
            "title": "Test price changed",
            "status": 409,
            "detail": "It costs more now.",
            "instance": "/api/v1/failing/price",
            "code": "test_price_changed",
            "trace_id": "0198a0000000700080000000" + "0000abcd",
        }
        assert msgspec.json.decode(answer.content, type=Problem).status == 409

    def test_takes_its_type_from_the_settings(self, stranger: Client, settings: Settings) -> None:
        settings.OMS_PROBLEM_BASE_URI = "https://docs.example/problems/"
        answer = stranger.get("/api/v1/failing/price")
        assert answer.json()["type"] == "https://docs.example/problems/test_price_changed"

    def test_is_a_422_with_a_warning_where_a_code_has_no_status(self, stranger: Client) -> None:
        with capture_logs() as lines:
            answer = stranger.get("/api/v1/failing/unregistered")
        assert answer.status_code == 422
        assert [line["code"] for line in lines if line["event"] == "status_missing"] == [
            "test_unregistered"
        ]

    def test_hides_a_bug_from_the_caller_and_shouts_it_into_the_log(self, stranger: Client) -> None:
        with capture_logs() as lines:
            answer = stranger.get("/api/v1/failing/bug")
        assert answer.status_code == 500
        assert answer.json()["code"] == "internal_error"
        assert b"secret" not in answer.content
        [line] = [line for line in lines if line["event"] == "request_failed"]
        assert line["log_level"] == "error"
        assert str(line["exc_info"]) == "the secret inside"

    def test_postpones_while_the_database_is_away(self, stranger: Client) -> None:
        answer = stranger.get("/api/v1/failing/database")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["code"] == "temporarily_unavailable"

    def test_does_not_call_wrong_data_an_outage(self, stranger: Client) -> None:
        assert stranger.get("/api/v1/failing/data").status_code == 500

    @pytest.mark.parametrize(
        "cause", [ReadOnlySqlTransaction(), IdleInTransactionSessionTimeout(), QueryCanceled()]
    )
    def test_postpones_on_a_standby_and_when_a_limit_was_reached(
        self, cause: psycopg.Error
    ) -> None:
        error = InternalError("the statement did not end well")
        error.__cause__ = cause
        assert refusal_for(error).status == 503

    def test_answers_forbidden_and_throttled(self, stranger: Client) -> None:
        assert stranger.get("/api/v1/failing/forbidden").json()["code"] == "permission_denied"
        throttled = stranger.get("/api/v1/failing/throttled")
        assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")

    def test_names_the_methods_that_are_possible(self, client: Client) -> None:
        answer = client.delete("/api/v1/baskets")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
        assert answer.json()["code"] == "method_not_allowed"

    def test_speaks_for_views_of_the_framework_too(
        self, stranger: Client, settings: Settings
    ) -> None:
        settings.REST_FRAMEWORK = {
            **settings.REST_FRAMEWORK,
            "EXCEPTION_HANDLER": "apps.platform.web.problems.exception_handler",
        }
        answer = stranger.get("/api/v1/framework")
        assert (answer.status_code, answer.json()["code"]) == (409, "test_price_changed")


class TestErrorPages:
    def test_are_problems_below_the_api(self, stranger: Client) -> None:
        missing = stranger.get("/api/v1/nowhere")
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
        broken = stranger.get("/api/v1/broken")
        assert (broken.status_code, broken.json()["code"]) == (500, "internal_error")
        assert stranger.get("/health/nowhere").json()["status"] == 404

    def test_are_pages_for_people_elsewhere(self, stranger: Client) -> None:
        for path, status in (("/nowhere", 404), ("/broken", 500), ("/broken/forbidden", 403)):
            answer = stranger.get(path)
            assert answer.status_code == status
            assert answer.headers["Content-Type"].startswith("text/html")
            assert b"secret" not in answer.content

    def test_ask_people_for_a_moment_while_the_database_is_away(self, stranger: Client) -> None:
        answer = stranger.get("/broken/database")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert b"in a few seconds" in answer.content
        assert stranger.get("/broken/data").status_code == 500


class TestRegisterStatuses:
    def test_accepts_the_same_twice_and_refuses_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(STATUS_OF, "test_taken", 409)
        register_statuses({"test_taken": 409})
        with pytest.raises(ValueError, match="test_taken already has status 409, not 404"):
            register_statuses({"test_taken": 404})

    def test_refuses_a_status_that_does_not_say_no(self) -> None:
        with pytest.raises(ValueError, match="200 does not say no"):
            register_statuses({"test_fine": 200})
        assert "test_fine" not in STATUS_OF
