"""Asking a provider again for what did not come."""

from types import SimpleNamespace

import pytest

from apps.payments.adapters import asking
from apps.payments.adapters.asking import ask_again
from apps.payments.ports import GatewayMisused, GatewayUnavailable, LockedOut


class Answers:
    """Fails with each of these in turn, and then answers."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self._failures:
            raise self._failures.pop(0)
        return "page"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, none of which is made, as long as chance lets them become."""
    pauses: list[float] = []
    # There alone: threads of other parts would never sleep again.
    monkeypatch.setattr(asking, "time", SimpleNamespace(sleep=pauses.append))
    monkeypatch.setattr(asking, "random", SimpleNamespace(random=lambda: 1.0))
    return pauses


class TestAskAgain:
    def test_gives_the_answer_at_once_where_there_is_one(self, slept: list[float]) -> None:
        assert ask_again(Answers()) == "page"
        assert slept == []

    def test_waits_longer_each_time(self, slept: list[float]) -> None:
        answers = Answers(*[GatewayUnavailable("busy")] * 4)
        assert ask_again(answers) == "page"
        assert slept == [2.0, 4.0, 8.0, 16.0]

    def test_gives_up_after_five_times(self, slept: list[float]) -> None:
        answers = Answers(*[GatewayUnavailable("busy")] * 5)
        with pytest.raises(GatewayUnavailable, match="busy"):
            ask_again(answers)
        assert answers.asked == 5

    def test_waits_as_long_as_chance_has_it(
        self, slept: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asking, "random", SimpleNamespace(random=lambda: 0.25))
        ask_again(Answers(GatewayUnavailable("busy"), GatewayUnavailable("busy")))
        assert slept == [0.5, 1.0]

    @pytest.mark.parametrize("refusal", [LockedOut("key"), GatewayMisused("wrong")])
    def test_does_not_ask_again_what_was_refused(
        self, slept: list[float], refusal: Exception
    ) -> None:
        answers = Answers(refusal)
        with pytest.raises(type(refusal)):
            ask_again(answers)
        assert (answers.asked, slept) == (1, [])
