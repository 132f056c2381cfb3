"""The count of calls to a simulated provider."""

import pytest

from infra.simulators.calls import Calls


class TestCalls:
    def test_knows_how_many_were_under_way_at_once(self) -> None:
        calls = Calls()
        with calls.counted():
            pass
        with calls.counted(), calls.counted():
            with calls.counted():
                pass
            with calls.counted():
                pass
        shown = calls.shown()
        assert (shown["total"], shown["most_at_once"]) == (5, 3)

    def test_ends_a_call_whose_connection_is_cut(self) -> None:
        calls = Calls()
        for _ in range(3):
            with pytest.raises(ConnectionError), calls.counted():
                raise ConnectionError
        assert calls.shown()["most_at_once"] == 1

    def test_begins_anew_with_what_is_under_way(self) -> None:
        calls = Calls()
        with calls.counted():
            with calls.counted():
                pass
            calls.forget_all()
            assert calls.shown() == {"total": 0, "most_at_once": 1, "by_second": {}}
