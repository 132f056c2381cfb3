"""Port numbers that no program listens on and that no other stack has chosen."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

from infra.local.failure import CannotStart

HOST = "127.0.0.1"
# All of them lie below the range from which outgoing connections take their ports (it begins at
# 32768): inside it, a client that retries could take the port of a server that is being restarted.
FIRST_WEB_PORT = 8000
FIRST_SIMULATORS_PORT = 8400
FIRST_POSTGRES_PORT = 15432
FIRST_VALKEY_PORT = 16379
TRIES = 300
LAST_PORT = 65_535


class Ports:
    """The ports of one stack, kept from other stacks until `release`.

    Between the choice of a port and the start of its server another stack could choose the same
    one. A locked file per port closes that gap; the kernel unlocks it when the process ends.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"oms-ports-{os.getuid()}"
        self._locks: list[int] = []

    def claim_from(self, first: int) -> int:
        """Take the lowest free port from `first` upwards.

        Raises:
            CannotStart: none of the next 300 is free.
        """
        for port in range(first, first + TRIES):
            if self._claim(port):
                return port
        raise CannotStart(f"None of the ports {first} to {first + TRIES - 1} is free.")

    def claim_wanted(self, wanted: str, *, variable: str, first: int) -> int:
        """Take exactly the port that an environment variable asks for; unset, any from `first`.

        Raises:
            CannotStart: it is taken, not a port, or not ours to use.
        """
        if not wanted:
            return self.claim_from(first)
        port = int(wanted) if wanted.isdecimal() else 0
        if not 0 < port <= LAST_PORT:
            raise CannotStart(f"{variable}={wanted} is not a port: choose one from 1024 to 65535.")
        if not self._claim(port):
            raise CannotStart(
                f"Port {port} is taken by another program: stop that one, set {variable} to a "
                f"free port, or leave {variable} unset to get one."
            )
        return port

    def release(self) -> None:
        """Give all ports back. Releasing again changes nothing."""
        while self._locks:
            os.close(self._locks.pop())

    def _claim(self, port: int) -> bool:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(self._folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if not is_free(port):
            os.close(lock)
            return False
        self._locks.append(lock)
        return True


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the loopback address right now."""
    with socket.socket() as probe:
        # Connections that are still closing do not count, a server that listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
