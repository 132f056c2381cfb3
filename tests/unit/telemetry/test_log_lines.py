"""The form of a log line."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import REGISTRY

from apps.platform.telemetry.logs import (
    bind_to_lines,
    configure_structlog,
    line_formatter,
    logging_settings,
)
from apps.platform.telemetry.tracing import begin_trace, end_trace

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Log:
    """A logger whose lines are kept."""

    def __init__(self, *, pretty: bool) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(line_formatter("oms-web", pretty=pretty))
        self.standard = logging.getLogger("tests.log_lines")
        self.standard.handlers = [handler]
        self.standard.propagate = False
        self.standard.setLevel(logging.INFO)
        self.structured = structlog.get_logger("tests.log_lines")

    def lines(self) -> list[dict[str, object]]:
        """Read the lines back."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def line(self) -> dict[str, object]:
        """Read the only line back."""
        (line,) = self.lines()
        return line


@pytest.fixture
def log() -> Iterator[Log]:
    configure_structlog()
    structlog.contextvars.clear_contextvars()
    kept = Log(pretty=False)
    yield kept
    kept.standard.handlers = []
    structlog.contextvars.clear_contextvars()


class TestLogLine:
    @pytest.mark.parametrize(
        "row", ["(7, Ada Example, Lindenweg 1)", "(7, Ada\n\nExample, Lindenweg 1).\nCONTEXT:  x"]
    )
    def test_does_not_repeat_the_row_that_the_database_refused(self, log: Log, row: str) -> None:
        refusal = f'value violates check constraint "short"\nDETAIL:  Failing row contains {row}.'
        try:
            try:
                raise LookupError(refusal)
            except LookupError as error:
                raise ValueError(refusal) from error
        except ValueError as error:
            log.structured.error("request failed", exc_info=True, reason=str(error))
        text = log.stream.getvalue()
        assert "Example" not in text
        assert "Lindenweg" not in text
        assert text.count('constraint \\\\\\"short') + text.count('constraint \\"short') == 3
        assert "The above exception was the direct cause" in text
        assert "raise ValueError(refusal) from error" in text

    def test_has_the_fields_everybody_looks_for_first(self, log: Log) -> None:
        log.structured.info("order accepted", order_id="o-1", amount="12.90", duration_ms=3.5)

        line = log.line()
        assert str(line.pop("timestamp")).endswith("Z")
        assert line == {
            "level": "info",
            "service": "oms-web",
            "logger": "tests.log_lines",
            "trace_id": None,
            "span_id": None,
            "user_id": None,
            "message": "order accepted",
            "order_id": "o-1",
            "amount": "12.90",
            "duration_ms": 3.5,
        }

    def test_has_the_same_form_from_the_standard_library(self, log: Log) -> None:
        log.standard.warning("slow query: %s", "SELECT 1", extra={"duration_ms": 900})

        line = log.line()
        assert line["message"] == "slow query: SELECT 1"
        assert (line["level"], line["duration_ms"]) == ("warning", 900)
        assert "event" not in line

    def test_carries_what_is_bound_to_the_request(self, log: Log) -> None:
        known: list[str] = []
        bind_to_lines(request_id="r-1", user_id=lambda: known[0] if known else None)

        log.structured.info("before")
        known.append("customer:7")
        log.standard.info("after")

        assert [(line["request_id"], line["user_id"]) for line in log.lines()] == [
            ("r-1", None),
            ("r-1", "customer:7"),
        ]

    def test_carries_the_trace_it_belongs_to(self, log: Log) -> None:
        token = begin_trace(TRACEPARENT)
        log.structured.info("inside")
        end_trace(token)

        line = log.line()
        assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert len(str(line["span_id"])) == 16

    def test_holds_a_traceback_on_the_same_line(self, log: Log) -> None:
        try:
            raise ValueError("no card 4242424242424242 please")
        except ValueError:
            log.structured.exception("failed")
            log.standard.exception("failed")

        for line in log.lines():
            assert "ValueError: no card [card] please" in str(line["exception"])
            assert line["level"] == "error"

    def test_leaves_out_what_is_below_the_level(self, log: Log) -> None:
        log.structured.debug("chatter")
        log.standard.debug("chatter")

        assert log.lines() == []


class TestMaskingOfLines:
    def test_hides_secrets_in_messages_arguments_fields_and_context(self, log: Log) -> None:
        bind_to_lines(client="Bearer abcdefgh")
        log.standard.info("paid with %s", "4242 4242 4242 4242")
        log.structured.info(
            "mail to ann@shop.example",
            payload={"card": {"number": 4242424242424242}, "token": "tok_approve"},
            authorization="Basic dXNlcjpwYXNz",
        )
        log.standard.info("key", extra={"stripe": "sk_live_abcdef"})

        written = log.stream.getvalue()
        for secret in ("4242", "abcdefgh", "ann@", "tok_approve", "dXNlcjpwYXNz", "sk_live"):
            assert secret not in written
        first, second, _ = log.lines()
        assert first["message"] == "paid with [card]"
        assert second["payload"] == {"card": {"number": "[card]"}, "token": "[secret]"}

    def test_is_counted(self, log: Log) -> None:
        before = REGISTRY.get_sample_value("cards_masked_total") or 0

        log.standard.info("4242424242424242")
        log.standard.info("nothing")

        assert REGISTRY.get_sample_value("cards_masked_total") == before + 1


class TestAwkwardValues:
    def test_cost_nobody_the_line(self, log: Log) -> None:
        log.structured.info("odd", half="\ud800", huge=2**70, infinite=float("inf"), made=object())

        line = log.line()
        assert (line["half"], line["huge"], line["infinite"]) == ("\\ud800", str(2**70), None)
        assert str(line["made"]).startswith("<object object")

    def test_stay_on_one_line(self, log: Log) -> None:
        log.structured.info("first\nsecond\r\u2028third", field="a\nb")

        assert len(log.stream.getvalue().split("\n")) == 2


class TestPrettyLines:
    def test_are_masked_too(self, log: Log) -> None:
        pretty = Log(pretty=True)

        pretty.structured.warning("paid", card="4242424242424242")

        written = pretty.stream.getvalue()
        assert "4242" not in written
        assert "[card]" in written
        assert "paid" in written


class TestLoggingSettings:
    def test_can_be_written_to_a_file_for_the_web_server(self) -> None:
        settings = logging_settings(service="oms-web", level="DEBUG", pretty=False)

        assert json.loads(json.dumps(settings)) == settings
        assert settings["root"] == {"handlers": ["stderr"], "level": "DEBUG"}

    def test_names_a_formatter_that_exists(self) -> None:
        configurator = logging.config.DictConfigurator(logging_settings(service="oms"))

        formatter = configurator.configure_formatter(configurator.config["formatters"]["line"])

        assert isinstance(formatter, structlog.stdlib.ProcessorFormatter)
