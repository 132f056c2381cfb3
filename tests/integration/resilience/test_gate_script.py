"""The script in Valkey and the arithmetic in Python are the same."""

import time
from uuid import uuid4

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.platform.resilience.breaker import BreakerState, Status
from apps.platform.resilience.stores import Answer, GateSettings, MemoryStore, ValkeyStore
from tests.integration.resilience.conftest import ValkeyServer

# Short enough that every deadline passes now and then within a sequence of steps.
SETTINGS = GateSettings(
    concurrent_calls=6, open_ms=3, trial_ms=6, lease_ms=9, window_calls=6, failures_in_a_row=3
)
OUTAGE = BreakerState(status=Status.OPEN, period=4, since_ms=1, open_until_ms=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("permit"), st.integers(0, 8), st.just(0), st.just(0)),
        st.tuples(st.just("settle"), st.integers(0, 4), st.integers(0, 4), st.integers(-1, 3)),
        st.tuples(st.just("wait"), st.integers(1, 7), st.just(0), st.just(0)),
        st.tuples(st.just("look"), st.just(0), st.just(0), st.just(0)),
    ),
    max_size=40,
)


class TestGateScript:
    @hypothesis_settings(
        max_examples=150,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(steps=STEPS)
    def test_does_what_the_pure_functions_do(
        self, server: ValkeyServer, steps: list[tuple[str, int, int, int]]
    ) -> None:
        shared, local, name = ValkeyStore(), MemoryStore(), uuid4().hex
        leases: list[str] = []
        period = 0
        for number, (step, first, second, age) in enumerate(steps):
            match step:
                case "wait":
                    time.sleep(first / 1000)
                    continue
                case "permit":
                    said = shared.permit(
                        name, SETTINGS, wanted=first, prefix=f"{number}.", now_ms=0
                    )
                    pure = local.permit(
                        name, SETTINGS, wanted=first, prefix=f"{number}.", now_ms=said.at_ms
                    )
                    leases += [f"{number}.{i}" for i in range(1, said.granted + 1)]
                case "settle":
                    returned, leases = leases[: first + second], leases[first + second :]
                    began_in = None if age < 0 else max(0, period - age)
                    said = shared.settle(
                        name,
                        SETTINGS,
                        leases=returned,
                        period=began_in,
                        successes=first,
                        failures=second,
                        now_ms=0,
                    )
                    pure = local.settle(
                        name,
                        SETTINGS,
                        leases=returned,
                        period=began_in,
                        successes=first,
                        failures=second,
                        now_ms=said.at_ms,
                    )
                case _:
                    said = shared.look(name, SETTINGS, now_ms=0)
                    pure = local.look(name, SETTINGS, now_ms=said.at_ms)
            assert said == pure
            period = said.state.period

    def test_takes_over_an_outage_only_where_it_knows_of_none(self, server: ValkeyServer) -> None:
        store = ValkeyStore()

        taken = store.adopt("stripe", SETTINGS, state=OUTAGE, now_ms=0)
        assert taken.state.status is Status.OPEN
        assert taken.state.period == 5

        kept: Answer = store.adopt(
            "stripe", SETTINGS, state=BreakerState(status=Status.HALF_OPEN), now_ms=0
        )
        assert kept.state == taken.state
