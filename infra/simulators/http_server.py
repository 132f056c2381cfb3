"""A small HTTP/1.1 server for one process. It can cut a connection in place of an answer."""

import asyncio
import contextlib
import socket
import struct
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

LARGEST_HEAD_BYTES = 32 * 1024
LARGEST_BODY_BYTES = 1024 * 1024
IDLE_SECONDS = 120
NO_WAIT = struct.pack("ii", 1, 0)
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Header names are in lower case; `path` is decoded, `query` is not."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    @property
    def is_local(self) -> bool:
        """Whether it comes from this machine."""
        return self.peer in LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class CutConnection(Exception):
    """Raised by a handler: the client gets no answer, and its connection is reset."""


class BadRequest(Exception):
    """What arrived is not HTTP as this server speaks it."""

    def __init__(self, status: int) -> None:
        """Name the status to answer with before hanging up."""
        super().__init__(status)
        self.status = status


Handler = Callable[[Request], Awaitable[Response]]


async def start_server(handler: Handler, *, host: str, port: int) -> asyncio.Server:
    """Begin to serve; port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
            await _converse(handler, reader, writer)
        writer.close()

    return await asyncio.start_server(connected, host, port, limit=LARGEST_HEAD_BYTES)


async def _converse(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    peer = str((writer.get_extra_info("peername") or ("",))[0])
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                request = await _read(reader, writer, peer)
        except BadRequest as error:
            writer.write(_encode(Response(status=error.status), keep=False, with_body=True))
            return
        if request is None:
            return
        try:
            response = await handler(request)
        except CutConnection:
            # Without lingering, closing resets the connection.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_WAIT)
            writer.transport.abort()
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = Response(status=500, body=b"The simulator broke down; see its log.\n")
        keep = request.headers.get("connection", "").lower() != "close"
        writer.write(_encode(response, keep=keep, with_body=request.method != "HEAD"))
        await writer.drain()
        if not keep:
            return


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
) -> Request | None:
    """Read one request, or None when the client has hung up."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest(431) from error
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    try:
        method, target, _version = first.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
    except ValueError as error:
        raise BadRequest(400) from error
    if "transfer-encoding" in headers:
        raise BadRequest(411)
    if not 0 <= length <= LARGEST_BODY_BYTES:
        raise BadRequest(413)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        body = await reader.readexactly(length) if length else b""
    except asyncio.IncompleteReadError:
        return None
    path, _, query = target.partition("?")
    return Request(
        method=method, path=unquote(path), query=query, headers=headers, body=body, peer=peer
    )


def _encode(response: Response, *, keep: bool, with_body: bool) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [
        f"HTTP/1.1 {response.status} {phrase}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + response.body if with_body else head
