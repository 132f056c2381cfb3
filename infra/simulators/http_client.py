"""Post to one address over a kept connection."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

SECONDS = 10.0


class HttpTarget:
    """One receiver of posts; used by one task at a time. Plain HTTP only."""

    def __init__(self, url: str) -> None:
        """Remember where to post.

        Raises:
            ValueError: the address is not plain HTTP.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{url} is not an http:// address")
        self._host, self._port = parts.hostname, parts.port or 80
        self._path = parts.path or "/"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and give the status of the answer.

        Raises:
            OSError, EOFError: the connection failed.
            TimeoutError: no answer within ten seconds.
            ValueError: the answer is not HTTP.
        """
        head = [
            f"POST {self._path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        try:
            async with asyncio.timeout(SECONDS):
                return await self._exchange("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        except BaseException:
            self._hang_up()
            raise

    async def _exchange(self, message: bytes) -> int:
        if self._streams is None or self._streams[0].at_eof():
            self._hang_up()
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(message)
        await writer.drain()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
        except (asyncio.LimitOverrunError, IndexError) as error:
            raise ValueError("the answer is not HTTP") from error
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        if "content-length" in fields and fields.get("connection", "").lower() != "close":
            await reader.readexactly(int(fields["content-length"]))
        else:
            # Without a length the end of the answer cannot be found; the status is all we need.
            self._hang_up()
        return status

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
