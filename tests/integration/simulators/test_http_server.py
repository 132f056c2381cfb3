"""The simulators' server, spoken to byte by byte."""

import asyncio

import pytest

from infra.simulators.http_client import HttpTarget
from infra.simulators.http_server import CutConnection, Request, Response, start_server


async def answer(request: Request) -> Response:
    """Repeat what arrived."""
    if request.path == "/cut":
        raise CutConnection
    if request.path == "/broken":
        raise RuntimeError("on purpose")
    text = f"{request.method} {request.path} {request.query} ".encode()
    return Response(body=text + request.body, headers={"X-Local": str(request.is_local)})


async def converse(*messages: bytes) -> bytes:
    """Send messages over one connection and give all that comes back."""
    server = await start_server(answer, host="127.0.0.1", port=0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for message in messages:
        writer.write(message)
    writer.write_eof()
    received = await reader.read()
    writer.close()
    server.close()
    return received


def talk(*messages: bytes) -> bytes:
    """Converse, from a test without a loop."""
    return asyncio.run(converse(*messages))


class TestTheServer:
    def test_answers_several_requests_over_one_connection(self) -> None:
        received = talk(
            b"GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /e HTTP/1.1\r\nContent-Length: 3\r\n\r\nfgh",
        )

        assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
        assert b"\r\n\r\nGET /a b c=d " in received
        assert received.endswith(b"\r\n\r\nPOST /e  fgh")
        assert received.count(b"X-Local: True") == 2

    def test_hangs_up_when_asked_to(self) -> None:
        once = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"

        assert talk(once, once).count(b"HTTP/1.1 200") == 1

    @pytest.mark.parametrize(
        ("message", "status"),
        [
            (b"nonsense\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
            (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
            (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        ],
    )
    def test_refuses_what_it_does_not_speak(self, message: bytes, status: bytes) -> None:
        assert talk(message).startswith(b"HTTP/1.1 " + status)

    def test_cuts_the_connection_where_a_handler_wants_it(self) -> None:
        with pytest.raises(ConnectionResetError):
            talk(b"GET /cut HTTP/1.1\r\n\r\n")

    def test_survives_a_handler_that_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        received = talk(b"GET /broken HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n")

        assert received.startswith(b"HTTP/1.1 500")
        assert b"HTTP/1.1 200" in received
        assert "on purpose" in capsys.readouterr().err

    def test_gives_heads_without_bodies(self) -> None:
        received = talk(b"HEAD / HTTP/1.1\r\n\r\n")

        assert b"Content-Length: 8\r\n" in received
        assert received.endswith(b"\r\n\r\n")


class TestTheClient:
    def test_posts_again_and_again_and_finds_the_server_again(self) -> None:
        async def story() -> list[int]:
            server = await start_server(answer, host="127.0.0.1", port=0)
            host, port = server.sockets[0].getsockname()
            target = HttpTarget(f"http://{host}:{port}/hooks")
            found = [await target.post(b"x", {}) for _ in range(2)]
            server.close()
            await server.wait_closed()
            server = await start_server(answer, host=host, port=port)
            found.append(await target.post(b"x", {}))
            server.close()
            return found

        assert asyncio.run(story()) == [200, 200, 200]

    def test_speaks_plain_http_only(self) -> None:
        with pytest.raises(ValueError, match="not an http:// address"):
            HttpTarget("https://shop.example/hooks")
