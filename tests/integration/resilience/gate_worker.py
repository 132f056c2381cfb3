"""A worker process of the tests: asks a gate for calls and makes them, until its time is over.

Arguments: name of the gate, slots, seconds to run. Prints that it is ready and begins when it is told
to, so that the workers of a test begin together. Prints one JSON object in the end: when each call began and
ended, and the longest that the gate took to answer, all in seconds of the machine's clock.
"""

import json
import sys
import time
from datetime import UTC, datetime

from apps.platform import valkey
from apps.platform.resilience.gate import Gate
from apps.platform.resilience.stores import GateSettings
from apps.platform.telemetry.logs import configure_structlog


def main(name: str, slots: int, seconds: float) -> None:
    gate = Gate(name, GateSettings(concurrent_calls=slots))
    gate.state(datetime.now(UTC))
    print("ready", flush=True)  # noqa: T201 - the test reads it
    sys.stdin.readline()
    calls: list[tuple[float, float]] = []
    longest = 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        asked = time.monotonic()
        leases = gate.permits(3, datetime.now(UTC))
        began = time.monotonic()
        time.sleep(0.01)
        ended = time.monotonic()
        calls += [(began, ended)] * len(leases)
        gate.record(leases, [], datetime.now(UTC))
        longest = max(longest, began - asked, time.monotonic() - ended)
        if not leases:
            time.sleep(0.005)
    print(json.dumps({"calls": calls, "longest": longest}))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    configure_structlog()
    # On a busy machine a server that is there may take longer than production waits for it.
    valkey.TIMEOUT_SECONDS = 10.0  # type: ignore[misc]  # final elsewhere; as patient as the tests
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
