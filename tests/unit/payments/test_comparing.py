"""What a report and the ledger say of one movement, compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.money import Money
from apps.payments.domain.settlements import (
    SIDES,
    Difference,
    DifferenceKind,
    Movement,
    Reported,
    SettlementKind,
    Side,
    compare,
)


def movement(
    amount: int, *, side: Side = Side.CHARGE, currency: str = "EUR", is_due: bool = True
) -> Movement:
    return Movement(side=side, name="M", amount=Money(amount, currency), is_due=is_due)


def reported(
    amount: int, *, side: Side = Side.CHARGE, currency: str = "EUR", times: int = 1
) -> Reported:
    return Reported(side=side, name="R", times=times, amount=Money(amount, currency), line_id=7)


def kind_of(found: Difference | None) -> str:
    """Give the kind of a difference; empty where there is none."""
    return "" if found is None else found.kind


class TestAMovement:
    @pytest.mark.parametrize(
        ("ours", "theirs", "kind"),
        [
            (movement(1000), reported(1000), ""),
            (movement(1000), reported(999), "amount_differs"),
            (movement(1000), reported(1000, currency="USD"), "amount_differs"),
            (movement(1000), reported(2000, times=2), "settled_twice"),
            # Twice in the report, and what was called off has been taken back there, too.
            (movement(1000), reported(1000, times=2), ""),
            (movement(1000), None, "missing"),
            (movement(1000), reported(0, times=0), "amount_differs"),
            (movement(0), None, ""),
            (movement(0), reported(0, times=0), ""),
            # Of nothing nobody asks in which currency.
            (movement(0), reported(0, currency="USD", times=0), ""),
            (movement(0), reported(1000), "unknown_movement"),
            (None, reported(1000), "unknown_movement"),
            (None, reported(0, times=0), ""),
            (None, reported(-1000, times=-1), "unknown_movement"),
        ],
    )
    def test_is_as_it_is_reported_or_in_what_it_differs(
        self, ours: Movement | None, theirs: Reported | None, kind: str
    ) -> None:
        assert kind_of(compare(ours, theirs)) == kind

    @pytest.mark.parametrize(("is_due", "kind"), [(False, ""), (True, "missing")])
    def test_may_be_reported_late(self, is_due: bool, kind: str) -> None:
        assert kind_of(compare(movement(1000, is_due=is_due), None)) == kind

    @pytest.mark.parametrize("side", [Side.CHARGE, Side.REFUND])
    def test_that_is_reported_otherwise_is_not_waited_for(self, side: Side) -> None:
        ours = movement(1000, side=side, is_due=False)
        assert kind_of(compare(ours, reported(600, side=side))) == "amount_differs"

    @pytest.mark.parametrize(
        ("is_due", "found", "times", "kind"),
        [
            # What a bank decides reaches us and the report on different days.
            (False, 600, 1, ""),
            (True, 600, 1, "amount_differs"),
            # There may be several disputes of one payment.
            (True, 2000, 2, "amount_differs"),
            (True, 1000, 2, ""),
        ],
    )
    def test_by_disputes_is_compared_as_a_sum(
        self, is_due: bool, found: int, times: int, kind: str
    ) -> None:
        ours = movement(1000, side=Side.DISPUTE, is_due=is_due)
        theirs = reported(found, side=Side.DISPUTE, times=times)
        assert kind_of(compare(ours, theirs)) == kind

    def test_is_something(self) -> None:
        with pytest.raises(ValueError, match="nothing to compare"):
            compare(None, None)


class TestADifference:
    def test_is_named_as_the_report_names_it_and_says_both_amounts(self) -> None:
        assert compare(movement(1000), reported(999)) == Difference(
            kind=DifferenceKind.AMOUNT_DIFFERS,
            subject="charge:R",
            expected=Money(1000, "EUR"),
            found=Money(999, "EUR"),
            line_id=7,
        )

    def test_of_what_is_not_reported_is_named_as_we_do(self) -> None:
        assert compare(movement(1000, side=Side.REFUND), None) == Difference(
            kind=DifferenceKind.MISSING,
            subject="refund:M",
            expected=Money(1000, "EUR"),
            found=None,
            line_id=None,
        )

    @given(
        ours=st.integers(-5000, 5000),
        theirs=st.integers(-5000, 5000),
        times=st.integers(-1, 3),
        side=st.sampled_from(Side),
    )
    def test_of_what_is_due_is_never_passed_over(
        self, ours: int, theirs: int, times: int, side: Side
    ) -> None:
        found = compare(movement(ours, side=side), reported(theirs, side=side, times=times))
        assert (found is None) is (ours == theirs)


def test_what_undoes_a_line_takes_back_as_much_of_the_same_movement() -> None:
    pairs = [
        (SettlementKind.CHARGE, SettlementKind.CHARGE_UNDONE),
        (SettlementKind.REFUND, SettlementKind.REFUND_UNDONE),
        (SettlementKind.DISPUTE, SettlementKind.DISPUTE_WON),
    ]
    for line, undone in pairs:
        (side, sign), (same, other) = SIDES[line], SIDES[undone]
        assert (side, sign) == (same, -other)
    assert {SettlementKind.FEE, SettlementKind.OTHER}.isdisjoint(SIDES)
