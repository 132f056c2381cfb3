"""The verdict on refunds of disputed charges finds what it is there to find."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.kernel.identifiers import new_id
from tests.resilience.withheld import judge_refunds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def refund(second: int, amount: int, payment: str = "p") -> dict[str, Any]:
    return {
        "id": new_id(at(second)),
        "payment_id": payment,
        "amount_minor": amount,
        "captured_minor": 1000,
    }


def dispute(
    second: int, amount: int = 1000, state: str = "opened", decided: int | None = None
) -> dict[str, Any]:
    return {
        "id": new_id(at(second)),
        "payment_id": "p",
        "amount_minor": amount,
        "state": state,
        "decided_at": None if decided is None else at(decided),
    }


class TestARefundOfADisputedCharge:
    def test_must_not_be_made_while_the_dispute_is_open(self) -> None:
        given = refund(20, 1)
        [found] = judge_refunds([given], [dispute(10)])
        assert found == f"p: refund {given['id']} of 1, 0 were left"

    def test_must_not_be_made_before_it_is_won(self) -> None:
        assert len(judge_refunds([refund(20, 300)], [dispute(10, state="won", decided=30)])) == 1

    def test_must_not_be_made_once_it_is_lost(self) -> None:
        assert len(judge_refunds([refund(40, 300)], [dispute(10, state="lost", decided=30)])) == 1

    def test_must_not_be_of_more_than_is_left_beside_it(self) -> None:
        disputes = [dispute(10, 600)]
        assert judge_refunds([refund(20, 300), refund(30, 100)], disputes) == []
        assert len(judge_refunds([refund(20, 300), refund(30, 101)], disputes)) == 1

    def test_may_be_made_before_it_is_heard_of(self) -> None:
        assert judge_refunds([refund(5, 1000)], [dispute(10)]) == []

    def test_may_be_made_with_the_news_that_it_is_won(self) -> None:
        assert judge_refunds([refund(30, 1000)], [dispute(10, state="won", decided=30)]) == []

    def test_is_judged_by_its_own_payment_alone(self) -> None:
        others = [refund(15, 900, payment="q"), refund(20, 400)]
        assert judge_refunds(others, [dispute(10, 600)]) == []
