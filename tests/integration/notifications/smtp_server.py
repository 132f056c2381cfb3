"""A mail server for tests: it speaks real SMTP and misbehaves for certain addresses."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWERS = {
    "refused@example.com": b"550 5.1.1 no such mailbox",
    "later@example.com": b"450 4.2.0 try again later",
    "closing@example.com": b"421 4.3.2 shutting down",
}


class SmtpServer(socketserver.ThreadingTCPServer):
    """Keeps what it accepted in `letters` and counts `connections`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[tuple[str, bytes]] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.server.connections += 1
        recipient = ""
        self._say(b"220 test")
        while line := self.rfile.readline():
            command = line.strip().decode().upper()
            if command.startswith("RCPT TO:"):
                recipient = line.decode().partition("<")[2].partition(">")[0]
                answer = ANSWERS.get(recipient, b"250 ok")
                self._say(answer)
                if answer.startswith(b"421"):
                    return
            elif command == "DATA":
                self._say(b"354 go on")
                letter = self._letter()
                if recipient == "drop@example.com":
                    return
                if recipient == "spam@example.com":
                    self._say(b"554 5.7.1 we do not like it")
                    continue
                self.server.letters.append((recipient, letter))
                self._say(b"250 ok")
            elif command == "QUIT":
                self._say(b"221 bye")
                return
            elif command.startswith("MAIL FROM:") and "BROKE@" in command:
                self._say(b"550 5.7.1 not you")
            else:
                self._say(b"250 ok")

    def _letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def running_smtp_server() -> Iterator[SmtpServer]:
    """Run a server on a port of its own for the length of the block."""
    with SmtpServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
