"""How much of a payment is to go back, and how much of that may go back now."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments.models import Payment, PaymentStatus

CHARGED = ("captured", "partially_refunded")


def payment(status: str = "captured", **values: int | bool) -> Payment:
    """Give a payment of which 10.00 EUR were charged."""
    values = {"captured_minor": 1000, **values}
    return Payment(status=status, currency="EUR", amount_minor=1000, **values)


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    """Give what the database lets a payment be: no more charged than held, or back than charged."""
    captured = draw(st.integers(0, 1000))
    refunded = draw(st.integers(0, captured))
    return payment(
        draw(st.sampled_from(PaymentStatus.values)),
        captured_minor=captured,
        refunded_minor=refunded,
        refund_wanted_minor=draw(st.integers(0, 1500)),
        disputed_minor=draw(st.integers(0, 1500)),
        lost_minor=draw(st.integers(0, 1500)),
        is_unwanted=draw(st.booleans()),
    )


class TestWhatIsOwed:
    @pytest.mark.parametrize(
        ("values", "owed", "now"),
        [
            ({}, 0, 0),
            ({"refund_wanted_minor": 300}, 300, 300),
            ({"refund_wanted_minor": 300, "refunded_minor": 300}, 0, 0),
            ({"refund_wanted_minor": 300, "refunded_minor": 100}, 200, 200),
            # More may have gone back at the provider's own desk than was asked for here.
            ({"refund_wanted_minor": 300, "refunded_minor": 400}, 0, 0),
            ({"is_unwanted": True}, 1000, 1000),
            ({"is_unwanted": True, "refunded_minor": 400}, 600, 600),
            # After a charge of a part nobody can have more back than that.
            ({"is_unwanted": True, "captured_minor": 600}, 600, 600),
            ({"refund_wanted_minor": 900, "captured_minor": 600}, 600, 600),
            # What is disputed waits, what was lost is with the customer and not owed a second time.
            ({"is_unwanted": True, "disputed_minor": 1000}, 1000, 0),
            ({"is_unwanted": True, "disputed_minor": 300}, 1000, 700),
            ({"refund_wanted_minor": 300, "disputed_minor": 600}, 300, 300),
            ({"refund_wanted_minor": 300, "disputed_minor": 800}, 300, 200),
            ({"is_unwanted": True, "lost_minor": 1000}, 0, 0),
            ({"is_unwanted": True, "lost_minor": 400}, 600, 600),
            ({"is_unwanted": True, "lost_minor": 400, "refunded_minor": 600}, 0, 0),
            ({"is_unwanted": True, "lost_minor": 400, "disputed_minor": 600}, 600, 0),
        ],
    )
    def test_is_counted_to_the_cent(self, values: dict[str, Any], owed: int, now: int) -> None:
        one = payment(**values)
        assert (one.owed_back_minor, one.to_refund_minor) == (owed, now)
        assert one.waits_for_dispute is (owed > now)

    @pytest.mark.parametrize("status", sorted(set(PaymentStatus.values) - set(CHARGED)))
    def test_is_nothing_where_nothing_is_charged_any_more(self, status: str) -> None:
        assert payment(status, is_unwanted=True).owed_back_minor == 0

    @given(payments())
    def test_never_gives_back_more_than_the_charge(self, one: Payment) -> None:
        assert 0 <= one.to_refund_minor <= one.owed_back_minor
        assert one.owed_back_minor + one.refunded_minor <= one.captured_minor
        if one.to_refund_minor:
            gone = one.refunded_minor + one.disputed_minor + one.lost_minor
            assert one.to_refund_minor + gone <= one.captured_minor

    @given(payments(), st.integers(1, 500))
    def test_grows_by_no_more_than_is_asked_for(self, one: Payment, more: int) -> None:
        before = one.owed_back_minor
        one.refund_wanted_minor += more
        assert before <= one.owed_back_minor <= before + more


class TestMoneyThatNobodyWants:
    @pytest.mark.parametrize(
        ("status", "is_unwanted", "owes"),
        [
            ("pending", True, False),
            # What is only on offer is taken back, too, wanted or not, once its time is over.
            ("requires_action", False, True),
            ("requires_action", True, True),
            ("authorized", False, False),
            ("authorized", True, True),
            ("captured", False, False),
            ("captured", True, True),
            ("partially_refunded", True, True),
            ("refunded", True, False),
            ("voided", True, False),
            ("failed", True, False),
        ],
    )
    def test_is_owed_back_while_it_is_held_or_charged(
        self, status: str, is_unwanted: bool, owes: bool
    ) -> None:
        assert payment(status, is_unwanted=is_unwanted).owes_money_back is owes

    def test_is_not_owed_back_while_all_of_it_is_disputed(self) -> None:
        assert not payment(is_unwanted=True, disputed_minor=1000).owes_money_back

    @pytest.mark.parametrize(("currency", "never_began"), [("", True), ("EUR", False)])
    def test_may_never_have_been_asked_for(self, currency: str, never_began: bool) -> None:
        assert Payment(currency=currency).never_began is never_began
