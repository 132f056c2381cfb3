"""What the simulated Stripe remembers over a restart, and whom it tells."""

import asyncio
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infra.simulators.http_server import Request
from infra.simulators.settlements import Falsifier
from infra.simulators.stripe import disputes
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.objects import Answer, Dispute, Intent, Kept
from infra.simulators.stripe.rendering import Rendering
from infra.simulators.stripe.settlements import Settlements
from infra.simulators.stripe.site import StripeSite

INTENT = Intent(
    id="pi_1",
    created=1_795_000_000,
    amount=1000,
    currency="eur",
    capture_method="manual",
    status="requires_capture",
    metadata={"payment_id": "p1"},
)
DISPUTE = Dispute(
    id="du_1",
    created=1_795_000_000,
    amount=1000,
    currency="eur",
    payment_intent="pi_1",
    charge="ch_1",
    payment_method="pm_card_visa",
    reason="fraudulent",
    status="needs_response",
)
WANTED = "payment_intent.amount_capturable_updated"


def open_books(folder: Path) -> Books:
    """Open the books as a new process would."""
    return Books(folder / "stripe.jsonl", is_announced=lambda one: one == WANTED)


class TestTheBooks:
    def test_come_back_after_a_kill(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        events = books.record(INTENT, "charge.succeeded", WANTED, request_id="req_1", key="k1")
        kept = Kept(
            key="k1",
            fingerprint="f1",
            created=4_000_000_000,
            answer=Answer(subject=INTENT, expand=("latest_charge",)),
        )
        books.keep(kept)
        books.write()

        again = open_books(tmp_path)

        assert again.intents == {"pi_1": INTENT}
        assert again.intents_of("p1") == [INTENT]
        assert list(again.events) == events
        assert list(again.undelivered) == [events[1].id]
        assert again.kept_for("k1") == kept

    def test_come_back_with_their_disputes(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        books.record(DISPUTE, "charge.dispute.created", request_id=None, key=None)
        books.write()

        assert open_books(tmp_path).disputes == {"du_1": DISPUTE}

    def test_do_not_come_back_with_what_was_never_written(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        books.record(INTENT, WANTED, request_id=None, key=None)

        assert open_books(tmp_path).intents == {}

    def test_remember_what_the_receiver_has_taken(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        (event,) = books.record(INTENT, WANTED, request_id=None, key=None)
        books.delivered(event.id)
        books.write()

        assert open_books(tmp_path).undelivered == {}

    def test_keep_an_old_answer_as_it_was(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        books.record(INTENT, WANTED, request_id=None, key="k1")
        kept = Kept(key="k1", fingerprint="f", created=4_000_000_000, answer=Answer(subject=INTENT))
        books.keep(kept)
        canceled = msgspec.structs.replace(INTENT, status="canceled")
        books.record(canceled, "payment_intent.canceled", request_id=None, key=None)
        books.write()

        again = open_books(tmp_path)

        assert again.intents["pi_1"].status == "canceled"
        assert again.kept_for("k1") == kept

    def test_forget_a_key_after_a_day(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        books.keep(Kept(key="old", fingerprint="f", created=1_000, answer=Answer()))

        assert books.kept_for("old") is None

    def test_are_empty_after_a_reset(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        books.record(INTENT, WANTED, request_id=None, key=None)
        books.write()
        books.forget_all()

        assert books.intents == {}
        assert open_books(tmp_path).intents == {}


class TestTheControl:
    async def ask(self, peer: str) -> int:
        site = StripeSite(public_url="http://x", journal=None, endpoint=None)
        request = Request(
            method="GET", path="/stripe/_books", query="", headers={}, body=b"", peer=peer
        )
        return (await site.handle(request)).status

    def test_answers_this_machine_only(self) -> None:
        assert asyncio.run(self.ask("127.0.0.1")) == 200
        assert asyncio.run(self.ask("10.0.0.7")) == 403


class TestTheReport:
    def test_dates_what_a_won_dispute_brings_back_by_its_decision(self, tmp_path: Path) -> None:
        books = open_books(tmp_path)
        opened = replace(DISPUTE, created=1_000_000_000)
        won = disputes.decided(opened, "won")
        for one in (INTENT, opened, won):
            books.record(one, request_id=None, key=None)
        report = Settlements(books, Rendering("http://127.0.0.1"), Falsifier())
        dates = {one.kind: one.created for one in report.newest()}
        assert dates == {"dispute": opened.created, "dispute_won": won.decided}
        assert won.decided > opened.created
