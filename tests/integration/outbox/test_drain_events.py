"""The command that hands on what waits, where no worker does."""

import uuid

import pytest
from django.core.management import CommandError, call_command

from tests.integration.outbox.conftest import NAME, Listener, say


class TestDrainEvents:
    def test_hands_on_what_waits_and_ends(self, listener: Listener) -> None:
        say(uuid.uuid4(), "waiting")
        call_command("drain_events", NAME)
        assert [reason for _, reason in listener.heard] == ["waiting"]

    @pytest.mark.parametrize("loop", [[], ["--loop"]])
    def test_refuses_a_name_it_does_not_know(self, loop: list[str]) -> None:
        with pytest.raises(CommandError, match=r"orders\.saga"):
            call_command("drain_events", "nobody", *loop)
