"""What a row of a dispute counts: of reversals that it tells of, and in which currency."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments.domain.accounts import Account
from apps.payments.domain.disputes import DisputeState
from apps.payments.models import Dispute, Payment
from apps.payments.services.dispute_rules import GOES_ON_TO, HOLDS

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def dispute(amount: int = 1000, **values: object) -> Dispute:
    return Dispute(reference="dp_1", amount_minor=amount, opened_at=NOON, **values)


class TestADispute:
    def test_has_told_of_nothing_at_first(self) -> None:
        one = dispute()
        assert (one.untaken_minor, one.known_minor("rev_1")) == (1000, 0)

    def test_counts_a_reversal_by_its_reference(self) -> None:
        one = dispute()
        one.tell_of("rev_1", 300, heard_at=NOON)
        one.tell_of("rev_2", 200, heard_at=NOON)
        assert one.untaken_minor == 500
        assert (one.known_minor("rev_1"), one.known_minor("rev_2")) == (300, 200)

    def test_adds_up_what_it_hears_of_one_at_the_same_time(self) -> None:
        one = dispute()
        one.tell_of("rev_1", 300, heard_at=NOON)
        one.tell_of("rev_1", 200, heard_at=NOON)
        assert one.taken == {f"rev_1 {NOON.isoformat()}": 500}

    def test_counts_what_was_heard_of_since_alone(self) -> None:
        one = dispute()
        one.tell_of("rev_1", 300, heard_at=NOON)
        one.tell_of("rev_1", 200, heard_at=LATER)
        assert (one.known_minor("rev_1"), one.known_minor("rev_1", NOON)) == (500, 200)
        assert one.known_minor("rev_1", LATER) == 0

    @pytest.mark.parametrize("name", ["rev_1", "rev 1", "a b c"])
    def test_takes_a_reversal_without_its_time_for_one_of_its_beginning(self, name: str) -> None:
        one = dispute(taken={name: 300})
        assert one.known_minor(name) == 300
        assert one.known_minor(name, NOON - timedelta(seconds=1)) == 300
        assert one.known_minor(name, NOON) == 0

    @given(
        st.lists(
            st.tuples(
                st.text("ab1 -:", min_size=1, max_size=8), st.integers(1, 100), st.datetimes()
            ),
            max_size=8,
        )
    )
    def test_keeps_every_cent_under_any_name(self, told: list[tuple[str, int, datetime]]) -> None:
        one = dispute(10_000)
        for reference, part, heard_at in told:
            one.tell_of(reference, part, heard_at=heard_at.replace(tzinfo=UTC))
        assert one.untaken_minor == 10_000 - sum(part for _, part, _ in told)
        for name in {reference for reference, *_ in told}:
            assert one.known_minor(name) == sum(part for named, part, _ in told if named == name)

    def test_that_is_a_reversal_counts_itself(self) -> None:
        one = dispute(is_reversal=True)
        assert (one.known_minor("dp_1"), one.known_minor("rev_1")) == (1000, 0)
        assert (one.known_minor("dp_1", NOON), one.known_minor("dp_1", LATER)) == (0, 0)

    @pytest.mark.parametrize(("told", "currency"), [("", "EUR"), ("USD", "USD"), ("EUR", "EUR")])
    def test_is_in_the_currency_of_its_payment_unless_it_says_another(
        self, told: str, currency: str
    ) -> None:
        assert dispute(currency=told).currency_of(Payment(currency="EUR")) == currency


class TestItsStates:
    ON = {
        ("opened", "won"),
        ("opened", "lost"),
        # The customer's bank may win after all what it had lost; lost is the end.
        ("won", "lost"),
    }

    @pytest.mark.parametrize(("before", "after"), list(product(DisputeState, repeat=2)))
    def test_go_on_to_what_is_worse_or_decided(
        self, before: DisputeState, after: DisputeState
    ) -> None:
        assert (after in GOES_ON_TO[before]) is ((before.value, after.value) in self.ON)

    @pytest.mark.parametrize("state", DisputeState)
    def test_may_be_any_when_it_is_first_heard_of(self, state: DisputeState) -> None:
        assert state in GOES_ON_TO[None]

    @pytest.mark.parametrize(
        ("state", "holder"),
        [
            (None, Account.PROVIDER),
            (DisputeState.OPENED, Account.DISPUTED),
            (DisputeState.WON, Account.PROVIDER),
            (DisputeState.LOST, Account.CUSTOMER),
        ],
    )
    def test_say_who_has_the_money(self, state: DisputeState | None, holder: Account) -> None:
        assert HOLDS[state] is holder
