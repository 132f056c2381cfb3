"""The banks of the drills, at a simulated provider whose answers were lost."""

from collections.abc import Iterator

import pytest

from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.disputed_shop import paid
from tests.integration.shop import payment_of
from tests.resilience.banks import Banks
from tests.resilience.books import read_books
from tests.resilience.payments_plan import PlannedDispute
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(stripe: SimulatedStripe) -> str:
    return stripe.base.removesuffix("/stripe")


@pytest.fixture
def banks(address: str) -> Iterator[Banks]:
    """Banks that want two charges disputed at once and lost."""
    planned = [PlannedDispute(at=0.0, provider="stripe", is_won=False, lasts=0.0) for _ in range(2)]
    banks = Banks(address, planned, seed=1, may_dispute=lambda _: True)
    yield banks
    banks.stop()


def disputes(address: str) -> list[list[str]]:
    """Give how the disputes of each payment stand in the books."""
    return sorted(
        list(line["disputes"].values()) for line in read_books(address, "stripe").values()
    )


class TestADisputeWhoseAnswerWasLost:
    def test_is_taken_up_and_decided_when_it_was_opened(
        self, stripe: SimulatedStripe, address: str, banks: Banks
    ) -> None:
        first = paid()
        paid()
        stripe.ask(f"/_dispute?payment_intent={payment_of(first).authorization}", "POST")
        assert disputes(address) == [[], ["open"]]
        banks.start()
        wait_until(lambda: banks.outcomes() == {"lost": 2})
        assert disputes(address) == [["lost"], ["lost"]]

    def test_is_over_when_it_was_decided(
        self, stripe: SimulatedStripe, address: str, banks: Banks
    ) -> None:
        order = paid()
        stripe.ask(f"/_dispute?payment_intent={payment_of(order).authorization}", "POST")
        [line] = read_books(address, "stripe").values()
        [name] = line["disputes"]
        stripe.ask(f"/_dispute?dispute={name}&status=lost", "POST")
        banks.start()
        wait_until(lambda: banks.outcomes() == {"lost": 1})
        assert disputes(address) == [["lost"]]
