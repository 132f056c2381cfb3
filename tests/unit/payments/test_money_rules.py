"""What charges, voids and renewals move, and what is wished for after them, before anything is stored."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.events.payments import PaymentVoided
from apps.kernel.money import Money
from apps.payments.domain.accounts import Account
from apps.payments.ports import (
    Declined,
    Done,
    NotKnown,
)
from tests.unit.payments.applying import (
    AUTHORIZE,
    CAPTURE,
    DAY,
    NOON,
    RENEW,
    VOID,
    applied,
    facts,
    moved,
    operation,
    payment,
)


class TestACharge:
    @pytest.mark.parametrize(
        ("asked", "charged", "taken"),
        [
            (1000, None, 1000),
            (600, None, 600),
            (1000, Money(600, "EUR"), 600),
            (600, Money(1000, "EUR"), 1000),
            (1000, Money(1, "EUR"), 1),
        ],
    )
    def test_is_booked_as_it_was_made_and_the_rest_released(
        self, asked: int, charged: Money | None, taken: int
    ) -> None:
        one = payment()
        call = operation(CAPTURE, one, amount_minor=asked)
        changes = applied(call, Done(reference="ch_1", charged=charged))
        assert (one.status, one.captured_minor, call.amount_minor) == ("captured", taken, taken)
        released = [(Account.AUTHORISED, Account.CUSTOMER, 1000 - taken)] if taken < 1000 else []
        assert moved(changes) == [(Account.AUTHORISED, Account.PROVIDER, taken), *released]
        assert facts(changes) == ["PaymentCaptured"]
        is_theirs = any("made at the provider" in step.what for step in changes.steps)
        assert is_theirs is (charged is not None)

    @pytest.mark.parametrize(
        "charged", [Money(1001, "EUR"), Money(0, "EUR"), Money(-1, "EUR"), Money(1000, "USD")]
    )
    def test_that_does_not_fit_waits_for_a_person(self, charged: Money) -> None:
        one = payment()
        call = operation(CAPTURE, one)
        changes = applied(call, Done(reference="ch_1", charged=charged))
        assert (call.state, call.reference, one.status) == ("waiting", "ch_1", "authorized")
        assert (moved(changes), facts(changes)) == ([], [])
        assert "does not fit" in changes.steps[0].what
        again = applied(call, Done(reference="ch_1", charged=charged))
        assert again.steps == [], "it is said once"

    def test_of_an_order_that_is_called_off_goes_back(self) -> None:
        one = payment(is_unwanted=True)
        changes = applied(operation(CAPTURE, one), Done(reference="ch_1"))
        assert one.to_refund_minor == 1000
        assert len(changes.wishes) == 1

    def test_that_fails_once_nobody_wants_it_lets_the_money_go(self) -> None:
        one = payment(is_unwanted=True)
        changes = applied(operation(CAPTURE, one), Declined(code="expired_card", detail="No."))
        assert one.status == "authorized"
        assert (facts(changes), len(changes.wishes)) == ([], 1)

    @given(asked=st.integers(1, 1000), taken=st.none() | st.integers(1, 1000))
    def test_leaves_nothing_on_hold(self, asked: int, taken: int | None) -> None:
        one = payment("pending")
        charged = None if taken is None else Money(taken, "EUR")
        entries = moved(applied(operation(AUTHORIZE, one), Done(reference="a"))) + moved(
            applied(
                operation(CAPTURE, one, amount_minor=asked), Done(reference="c", charged=charged)
            )
        )
        held: Counter[str] = Counter()
        for source, target, amount in entries:
            assert amount > 0
            held[source] -= amount
            held[target] += amount
        assert held[Account.AUTHORISED] == 0
        assert held[Account.PROVIDER] == one.captured_minor == -held[Account.CUSTOMER]


class TestAVoid:
    @pytest.mark.parametrize(
        ("has_expired", "what"), [(False, "Voided"), (True, "Authorisation expired")]
    )
    def test_gives_the_money_free_and_says_whether_it_ran_out(
        self, has_expired: bool, what: str
    ) -> None:
        one = payment(undo_at=NOON)
        changes = applied(operation(VOID, one), Done(reference="x", has_expired=has_expired))
        assert (one.status, one.undo_at, changes.steps[0].what) == ("voided", None, what)
        assert moved(changes) == [(Account.AUTHORISED, Account.CUSTOMER, 1000)]
        (fact,) = changes.facts
        assert isinstance(fact.event, PaymentVoided)
        assert fact.event.has_expired is has_expired

    def test_of_what_nobody_approved_fails_the_payment(self) -> None:
        one = payment("requires_action", is_unwanted=True)
        changes = applied(operation(VOID, one), Done(reference="x"))
        assert (one.status, one.failure_code) == ("failed", "cancelled")
        assert moved(changes) == [], "nothing was held"

    def test_of_what_failed_meanwhile_changes_nothing(self) -> None:
        one = payment("failed")
        changes = applied(operation(VOID, one), Done(reference="x"))
        assert (changes.steps, changes.facts, changes.entries) == ([], [], [])

    def test_that_comes_upon_a_charge_has_that_looked_for(self) -> None:
        one = payment(undo_at=NOON)
        changes = applied(operation(VOID, one), Declined(code="already_captured", detail="Late."))
        assert one.undo_at is None
        assert [(wish.kind, wish.only_looks) for wish in changes.wishes] == [(CAPTURE, True)]
        assert facts(changes) == []


class TestARenewal:
    def test_that_is_done_holds_the_money_for_longer(self) -> None:
        one = payment(authorization="a1", authorized_until=NOON + DAY, is_ending_known=True)
        applied(
            operation(RENEW, one),
            Done(reference="a2", authorization="a2", held_until=NOON + 20 * DAY),
        )
        assert (one.authorization, one.authorized_until) == ("a2", NOON + 20 * DAY)
        assert not one.is_ending_known

    def test_of_an_order_that_was_called_off_is_let_go(self) -> None:
        one = payment(is_unwanted=True, authorized_until=NOON + DAY)
        changes = applied(operation(RENEW, one), Done(reference="a2", held_until=NOON + 20 * DAY))
        assert len(changes.wishes) == 1

    @pytest.mark.parametrize(("hours", "state"), [(11, "unknown"), (12, "failed"), (20, "failed")])
    def test_is_given_up_at_half_of_the_time_that_was_left(self, hours: int, state: str) -> None:
        one = payment(is_unwanted=True, authorized_until=NOON + DAY)
        call = operation(RENEW, one)
        applied(call, NotKnown(), now=NOON + timedelta(hours=hours))
        assert call.state == state
        if state == "failed":
            assert call.error_code == "time_over"
        else:
            assert call.next_at <= NOON + timedelta(hours=12)

    def test_that_is_done_after_that_counts_all_the_same(self) -> None:
        one = payment(authorized_until=NOON + DAY)
        call = operation(RENEW, one)
        applied(call, Done(reference="a2", held_until=NOON + 9 * DAY), now=NOON + DAY)
        assert (call.state, one.authorized_until) == ("succeeded", NOON + 9 * DAY)
