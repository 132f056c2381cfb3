"""Ports: nobody else's, and each given once."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.failure import CannotStart
from infra.local.ports import HOST, Ports, is_free

FIRST = 23_500


@pytest.fixture
def ports() -> Iterator[Ports]:
    claimed = Ports()
    yield claimed
    claimed.release()


@pytest.fixture
def other_stack() -> Iterator[Ports]:
    claimed = Ports()
    yield claimed
    claimed.release()


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield int(server.getsockname()[1])


class TestPorts:
    def test_passes_over_a_port_that_somebody_listens_on(self, ports: Ports, listener: int) -> None:
        assert ports.claim_from(listener) > listener

    def test_gives_two_stacks_different_ports(self, ports: Ports, other_stack: Ports) -> None:
        ours = ports.claim_from(FIRST)

        assert other_stack.claim_from(FIRST) > ours

    def test_gives_a_released_port_again(self, ports: Ports, other_stack: Ports) -> None:
        ours = ports.claim_from(FIRST)
        ports.release()

        assert other_stack.claim_from(ours) == ours

    def test_refuses_a_wanted_port_that_is_taken(self, ports: Ports, listener: int) -> None:
        with pytest.raises(CannotStart, match=f"Port {listener} is taken by another program"):
            ports.claim_wanted(str(listener), variable="OMS_PORT", first=FIRST)

    @pytest.mark.parametrize("wanted", ["70000", "0", "-1", "http"])
    def test_refuses_what_is_no_port(self, ports: Ports, wanted: str) -> None:
        with pytest.raises(CannotStart, match=f"OMS_PORT={wanted} is not a port"):
            ports.claim_wanted(wanted, variable="OMS_PORT", first=FIRST)

    def test_takes_any_port_when_none_is_wanted(self, ports: Ports) -> None:
        assert ports.claim_wanted("", variable="OMS_PORT", first=FIRST) >= FIRST

    def test_calls_a_port_free_while_old_connections_are_still_closing(self) -> None:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((HOST, 0))
            server.listen()
            port = int(server.getsockname()[1])
            with socket.create_connection((HOST, port)) as client:
                accepted, _ = server.accept()
                accepted.close()
                client.recv(1)
        assert is_free(port)
