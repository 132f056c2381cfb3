"""The verdict finds what it is there to find."""

from pathlib import Path
from typing import Any

from tests.resilience.books import judge_books, judge_ledger
from tests.resilience.journal import Acknowledged, Journal
from tests.resilience.verdict import check_mailbox

ONCE = "the_provider_charged_nobody_twice"
KEPT = "the_provider_keeps_nothing_of_a_cancelled_order"
SAME = "the_provider_has_what_we_have"


def payment(status: str = "captured", order: str = "confirmed", **changes: int) -> dict[str, Any]:
    amounts = {"amount_minor": 1000, "captured_minor": 1000, "refunded_minor": 0, **changes}
    return {"status": status, "order_status": order, **amounts}


def line(*captured: int, live: int = 0, refunded: int = 0, lost: int = 0) -> dict[str, Any]:
    return {
        "live_authorizations": live,
        "captured": sum(captured),
        "refunded": refunded,
        "lost": lost,
        "intents": [{"captured": amount} for amount in captured],
    }


def broken(payments: dict[str, Any], books: dict[str, Any]) -> set[str]:
    return {name for name, rows in judge_books(payments, books).items() if rows}


class TestJudgeBooks:
    def test_accepts_books_that_are_ours(self) -> None:
        payments = {
            "charged": payment(),
            "reserved": payment("authorized", captured_minor=0),
            "refunded": payment("refunded", "cancelled", refunded_minor=1000),
            "disputed": payment("partially_refunded", "cancelled", refunded_minor=400),
            "refunded and disputed": payment("refunded", "cancelled", refunded_minor=1000),
            "voided": payment("voided", "cancelled", captured_minor=0),
            "declined": payment("failed", "cancelled", captured_minor=0),
            "never asked": payment("failed", "cancelled", captured_minor=0),
            "asked": payment("requires_action", "payment_pending", captured_minor=0),
            "approved": payment("requires_action", "payment_pending", captured_minor=0),
        }
        books = {
            "charged": line(1000),
            "reserved": line(0, live=1),
            "refunded": line(1000, refunded=1000),
            "disputed": line(1000, refunded=400, lost=600),
            "refunded and disputed": line(1000, refunded=1000, lost=1000),
            "voided": line(0),
            "declined": line(0),
            "asked": line(0),
            "approved": line(0, live=1),
        }
        assert broken(payments, books) == set()

    def test_finds_a_second_charge(self) -> None:
        assert broken({"a": payment()}, {"a": line(1000, 1000)}) == {ONCE, SAME}

    def test_finds_a_second_authorisation(self) -> None:
        assert broken({"a": payment()}, {"a": line(1000, live=1)}) == {ONCE, SAME}

    def test_finds_a_charge_above_the_price(self) -> None:
        assert broken({"a": payment()}, {"a": line(1001)}) == {ONCE, SAME}

    def test_finds_an_authorisation_kept_of_a_cancelled_order(self) -> None:
        payments = {"a": payment("failed", "cancelled", captured_minor=0)}
        assert broken(payments, {"a": line(0, live=1)}) == {KEPT, SAME}

    def test_finds_a_charge_kept_of_a_cancelled_order(self) -> None:
        payments = {"a": payment("captured", "cancelled")}
        assert broken(payments, {"a": line(1000)}) == {KEPT}

    def test_finds_what_a_bank_has_left_of_a_cancelled_order(self) -> None:
        payments = {"a": payment("captured", "cancelled")}
        assert broken(payments, {"a": line(1000, lost=600)}) == {KEPT}

    def test_finds_money_of_an_order_that_was_lost(self) -> None:
        assert broken({}, {"a": line(0, live=1)}) == {KEPT}

    def test_finds_a_charge_that_the_provider_knows_nothing_of(self) -> None:
        assert broken({"a": payment()}, {}) == {SAME}


class TestJudgeLedger:
    def test_accepts_a_ledger_that_says_the_same(self) -> None:
        same = {"authorized": 0, "captured": 1000, "refunded": 400}
        nothing = {"authorized": 0, "captured": 0, "refunded": 0}
        assert judge_ledger({"a": same}, {"a": same, "declined": nothing}) == []

    def test_finds_what_is_on_one_side_alone(self) -> None:
        charged = {"authorized": 0, "captured": 1000, "refunded": 0}
        assert judge_ledger({"a": charged}, {}) == [
            "a: the ledger says [0, 1000, 0, 0, 0], the provider [0, 0, 0, 0, 0]"
        ]
        assert judge_ledger({}, {"b": charged}) == [
            "b: the ledger says [0, 0, 0, 0, 0], the provider [0, 1000, 0, 0, 0]"
        ]

    def test_finds_a_refund_of_another_amount(self) -> None:
        ours = {"authorized": 0, "captured": 1000, "refunded": 400}
        assert judge_ledger({"a": ours}, {"a": {**ours, "refunded": 401}}) == [
            "a: the ledger says [0, 1000, 400, 0, 0], the provider [0, 1000, 401, 0, 0]"
        ]

    def test_finds_a_dispute_that_is_still_held_here(self) -> None:
        ours = {"authorized": 0, "captured": 1000, "refunded": 0, "disputed": 1000, "lost": 0}
        assert judge_ledger({"a": ours}, {"a": {**ours, "disputed": 0, "lost": 1000}}) == [
            "a: the ledger says [0, 1000, 0, 1000, 0], the provider [0, 1000, 0, 0, 1000]"
        ]


class TestCheckMailbox:
    def test_finds_a_message_that_went_out_twice(self, tmp_path: Path) -> None:
        (tmp_path / "one.log").write_bytes(
            b"Subject: a\nX-OMS-Message-Id: 17\n\nHello\n" + b"-" * 79
        )
        (tmp_path / "two.log").write_bytes(
            b"X-OMS-Message-Id: 18\n\nHello\n" + b"-" * 79 + b"\nX-OMS-Message-Id: 17\n\nHello\n"
        )
        assert check_mailbox(tmp_path) == {"no_message_goes_out_twice": ["17: 2 times"]}


class TestJournal:
    def test_has_an_answer_on_disk_before_it_goes_on(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "journal")
        journal.write(Acknowledged(what="placed", key="k", order_id="17", seconds=0.5))
        assert (tmp_path / "journal").read_text() == (
            '{"what": "placed", "key": "k", "order_id": "17", "seconds": 0.5}\n'
        )
        assert [entry.order_id for entry in journal.list("placed")] == ["17"]
        assert journal.count("cancelled") == 0
        journal.close()
