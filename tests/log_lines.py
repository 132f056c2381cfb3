"""Read what is logged as it is written: the line itself, with all that is added on the way."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apps.platform.telemetry.logs import line_formatter

Line = dict[str, Any]


@contextmanager
def written_lines() -> Iterator[list[Line]]:
    """Keep the lines that are written meanwhile; the list is filled at the end of the `with`."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter("oms-test", pretty=False))
    lines: list[Line] = []
    root = logging.getLogger()
    # Ahead of those of the test runner, after which a structured line is but its text.
    root.handlers.insert(0, handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        lines += [json.loads(line) for line in stream.getvalue().splitlines()]


def line_of(lines: list[Line], message: str) -> Line:
    """Give the only line with a message."""
    (line,) = [line for line in lines if line["message"] == message]
    return line
