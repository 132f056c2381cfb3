"""A channel that does what the test says, in the place of the mail server."""

from collections.abc import Callable, Sequence

import pytest

from apps.notifications.ports import Letter, Outcome
from apps.notifications.services import send_messages as sending

Deliver = Callable[[Sequence[Letter]], list[Outcome]]


class Fake:
    """A channel that does what the test says and remembers what it was given."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self.letters: list[Letter] = []

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        self.letters += letters
        return self._deliver(letters)


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Callable[[Deliver], Fake]:
    """Put a fake in the place of the mail server."""

    def put(deliver: Deliver) -> Fake:
        fake = Fake(deliver)
        monkeypatch.setattr(sending, "channel_named", lambda _: fake)
        return fake

    return put
