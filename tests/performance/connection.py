"""One keep-alive connection that speaks just enough HTTP/1.1 to place orders cheaply."""

import asyncio
from collections.abc import Callable

END_OF_HEAD = b"\r\n\r\n"
ORDER_LINK = b"/api/v1/orders/"
UUID_LENGTH = 36


class Connection(asyncio.Protocol):
    """Carries one placement at a time.

    `on_answer` hears the number of the placement, the status and the order's id; status 0 means
    that the server hung up on it. `on_idle` hears that the next one may be sent, `on_lost` that
    the connection is gone.
    """

    def __init__(
        self,
        *,
        on_answer: Callable[[int, int, str], None],
        on_idle: Callable[["Connection"], None],
        on_lost: Callable[["Connection"], None],
    ) -> None:
        self._on_answer = on_answer
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._number: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether a placement can be sent."""
        return self._transport is not None

    def send(self, number: int, request: bytes) -> None:
        """Send one placement; the connection must be open and idle."""
        if self._transport is None or self._number is not None:
            raise RuntimeError("the connection is closed or busy")
        self._number = number
        self._transport.write(request)

    def close(self) -> None:
        """Hang up; what was not answered stays unanswered."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self._on_idle(self)

    def data_received(self, data: bytes) -> None:
        """Gather the answer until it is whole."""
        self._received += data
        answer = read_answer(self._received)
        if answer is None or self._number is None:
            return
        status, order_id, length = answer
        number, self._number = self._number, None
        self._received = self._received[length:]
        self._on_answer(number, status, order_id)
        self._on_idle(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Give up what was under way."""
        self._transport = None
        number, self._number = self._number, None
        if number is not None:
            self._on_answer(number, 0, "")
        self._on_lost(self)


def read_answer(data: bytes) -> tuple[int, str, int] | None:
    """Give the status, the id of the order in the Location header and the answer's length in bytes.

    None while it is not whole. Without a Location the id is empty.
    """
    end = data.find(END_OF_HEAD)
    if end < 0:
        return None
    head = data[:end]
    length = _length_of(data, head, end + len(END_OF_HEAD))
    if length is None or len(data) < length:
        return None
    link = head.find(ORDER_LINK) + len(ORDER_LINK)
    order_id = head[link : link + UUID_LENGTH].decode() if link >= len(ORDER_LINK) else ""
    return int(head[9:12]), order_id, length


def _length_of(data: bytes, head: bytes, start: int) -> int | None:
    fields = head.lower()
    at = fields.find(b"\r\ncontent-length:")
    if at >= 0:
        return start + int(fields[at + 17 :].split(b"\r\n", 1)[0])
    if b"\r\ntransfer-encoding: chunked" not in fields:
        return start
    last = data.find(b"0\r\n\r\n", start)
    return None if last < 0 else last + 5
