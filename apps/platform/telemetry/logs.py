"""One JSON object a line for everything that any part of a process logs.

Our own code logs with `structlog.get_logger(__name__)` and keyword arguments; what Django, Celery,
granian and libraries log through the standard library comes out in the same form. Nothing leaves
unmasked (see `masking`). Every line has `timestamp`, `level`, `service`, `trace_id`, `span_id`,
`user_id` and `message`; the business fields of the call follow.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, cast

import msgspec
import structlog
from celery.signals import setup_logging
from structlog.types import EventDict, Processor, WrappedLogger

from apps.kernel.decoding import convert
from apps.platform.telemetry import masking, metrics
from apps.platform.telemetry.card_masking import CARD
from apps.platform.telemetry.tracing import current_ids

_FORMATTER: Final = "apps.platform.telemetry.logs.line_formatter"
# One list for good: loggers keep it from their first line on, and tests exchange what is in it.
_STRUCTLOG_STEPS: Final[list[Processor]] = [
    structlog.stdlib.filter_by_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
# What the standard library or Django hangs on a record and no line needs.
_NEVER_WRITTEN: Final = frozenset({"request", "sock", "taskName"})


def logging_settings(
    *, service: str, level: str = "INFO", pretty: bool | None = None
) -> dict[str, Any]:
    """Give the value for Django's `LOGGING`; also fit for granian's `--log-config`, as JSON.

    Lines go to the standard error, which leaves the standard output to commands. `pretty` writes
    them for people; None does so when the standard error is a terminal.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _FORMATTER, "service": service, "pretty": pretty}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Refusals have their request's own line already; failures bring a traceback.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "WARNING"},
            "granian.access": {"level": "WARNING", "propagate": True, "handlers": []},
            "_granian": {"level": level, "propagate": True, "handlers": []},
            # Two lines for every wake-up would bury the rest.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.request": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Send structlog's lines through the standard library, so that there is one way out.

    Calling it again changes nothing.
    """
    structlog.configure(
        processors=_STRUCTLOG_STEPS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def line_formatter(service: str, pretty: bool | None = None) -> logging.Formatter:
    """Make the formatter that `logging_settings` names: JSON, or colours for people."""
    for_people = sys.stderr.isatty() if pretty is None else pretty
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if not for_people:
        shared.append(structlog.processors.format_exc_info)
    last: Processor = (
        cast("Processor", structlog.dev.ConsoleRenderer(event_key="message"))
        if for_people
        else write_json
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[*shared, masked_line(service), last],
        keep_exc_info=for_people,
    )


def masked_line(service: str) -> Processor:
    """Make the step that masks a line and puts its fields in order.

    It is the last one before the line is written: whatever an earlier step added is masked too.
    """

    def arrange(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        exc_info = line.pop("exc_info", None)
        trace_id, span_id = current_ids()
        # What we name ourselves holds no secret, and masking it would be half the cost of a line.
        arranged: EventDict = {
            "timestamp": line.pop("timestamp", None),
            "level": line.pop("level", method),
            "service": service,
            "logger": line.pop("logger", None),
            "trace_id": trace_id,
            "span_id": span_id,
        }
        said = {"user_id": _resolved(line.pop("user_id", None)), "message": line.pop("event", "")}
        said.update(
            (key, value)
            for key, value in line.items()
            if key not in _NEVER_WRITTEN and key not in arranged and not key.startswith("_")
        )
        arranged.update(cast("EventDict", masking.masked(said)))
        if exc_info:
            arranged["exc_info"] = exc_info
        return arranged

    return arrange


def _resolved(value: object) -> object:
    return value() if callable(value) else value


def write_json(logger: WrappedLogger, method: str, line: EventDict) -> str:
    """Write a masked line as JSON, on one line whatever is in it."""
    try:
        text = msgspec.json.encode(line).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError, OverflowError):
        # Half a surrogate pair in somebody's input must not cost us the line.
        repaired = convert(_repaired(line), dict[str, Any])
        text = msgspec.json.encode(repaired).decode()
    if CARD in text:
        metrics.cards_masked_total.inc()
    return text


def _repaired(value: object) -> object:
    match value:
        case dict():
            return {_repaired(key): _repaired(item) for key, item in value.items()}
        case list():
            return [_repaired(item) for item in value]
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case int() if value.bit_length() > 64:
            return str(value)
        case _:
            return value


def bind_to_lines(**fields: object) -> None:
    """Put fields on every further line of this request or task.

    `user_id` may be a function: it is asked anew for each line, since a request begins before
    anybody knows whose it is.
    """
    structlog.contextvars.bind_contextvars(**fields)


def keep_celery_from_logging_otherwise() -> None:
    """Have Celery use the logging set up here: with a receiver it installs no handlers of its own.

    Calling it again changes nothing.
    """
    setup_logging.connect(_leave_logging_alone, dispatch_uid="telemetry")


def _leave_logging_alone(**_: object) -> None:
    """Do nothing: the connection alone is what Celery looks for."""
