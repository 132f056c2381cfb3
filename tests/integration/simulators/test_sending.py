"""Sending news of a simulator, and forgetting it."""

import asyncio

import pytest

from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response, start_server
from infra.simulators.sending import Sender
from tests.waiting import PATIENCE_SECONDS


class SlowReceiver:
    """Takes its time over each letter, and answers as told."""

    def __init__(self, status: int) -> None:
        self.began = asyncio.Event()
        self.taken: list[bytes] = []
        self._status = status

    async def handle(self, request: Request) -> Response:
        """Take a letter."""
        self.began.set()
        await asyncio.sleep(0.1)
        self.taken.append(request.body)
        return Response(status=self._status)


@pytest.mark.parametrize("status", [200, 500])
def test_nothing_arrives_after_all_was_forgotten(status: int) -> None:
    async def play() -> None:
        receiver = SlowReceiver(status)
        server = await start_server(receiver.handle, host="127.0.0.1", port=0)
        delivered: list[str] = []
        sender = Sender[str](
            f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/",
            write=lambda news: (news.encode(), {}),
            delivered=delivered.append,
            mischief=Mischief(out_of_order=ValueError, internal_error=ValueError),
        )
        sending = asyncio.create_task(sender.run(["on its way"]))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await receiver.began.wait()

                await sender.forget_all()
                taken = list(receiver.taken)
                await sender.announce(["new"])
                while receiver.taken == taken:
                    await asyncio.sleep(0.01)

            assert taken == [b"on its way"]
            assert receiver.taken == [b"on its way", b"new"]
            assert "on its way" not in delivered
        finally:
            sending.cancel()
            server.close()

    asyncio.run(play())
