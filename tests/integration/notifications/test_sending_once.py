"""Messages that may have gone out, and what the channel says of them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from apps.notifications import handlers
from apps.notifications.domain.messages import Channel
from apps.notifications.models import Message
from apps.notifications.ports import Accepted, Letter, NotSent, Outcome, OutcomeUnknown, Refused
from apps.notifications.services import claim_messages as claiming
from apps.notifications.services.resend_messages import resend_messages
from apps.notifications.services.send_messages import send_messages
from tests.conftest import make_cause
from tests.integration.notifications.conftest import Deliver, Fake
from tests.integration.notifications.story import (
    again,
    age,
    created,
    delivered,
    known_customer,
    received_message,
)
from tests.waiting import blocks_another_session, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def accept(letters: Sequence[Letter]) -> list[Outcome]:
    return [Accepted(provider_id=f"ref-{letter.attempt}") for letter in letters]


class TestAtMostOnce:
    def test_leaves_what_a_dead_sender_had_claimed_to_a_person(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        message = received_message(known_customer())
        claiming.claim_messages(channel=Channel.EMAIL, at_most=50)
        assert send_messages() == 0
        assert again(message).status == "sending"
        age(message, next_at=timedelta(seconds=1))
        assert send_messages() == 0
        kept = again(message)
        assert kept.status == "unconfirmed"
        assert "nobody knows whether it went out" in kept.problem
        assert send_messages() == 0
        assert mailoutbox == []

    def test_believes_a_sender_that_was_only_slow(self, channel: Callable[[Deliver], Fake]) -> None:
        message = received_message(known_customer())

        def slowly(letters: Sequence[Letter]) -> list[Outcome]:
            age(message, next_at=timedelta(seconds=1))
            assert claiming.unconfirm_abandoned() == 1
            return accept(letters)

        channel(slowly)
        send_messages()
        assert (again(message).status, again(message).provider_id) == ("sent", "ref-1")

    def test_does_not_believe_a_sender_whose_attempt_is_over(
        self, channel: Callable[[Deliver], Fake]
    ) -> None:
        message = received_message(known_customer())

        def too_slowly(letters: Sequence[Letter]) -> list[Outcome]:
            age(message, next_at=timedelta(seconds=1))
            claiming.unconfirm_abandoned()
            resend_messages(
                message_ids=[message.id], reason="late", cause=make_cause(), now=timezone.now()
            )
            claiming.claim_messages(channel=Channel.EMAIL, at_most=50)
            return accept(letters)

        channel(too_slowly)
        send_messages()
        assert (again(message).status, again(message).attempts) == ("sending", 2)

    def test_holds_with_several_senders_at_once(self, channel: Callable[[Deliver], Fake]) -> None:
        fake = channel(accept)
        customer_id = known_customer()
        handlers.tell_of_receipt([delivered(created(customer_id)) for _ in range(300)])

        def work() -> int:
            try:
                return send_messages()
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            counts = [future.result() for future in [pool.submit(work) for _ in range(4)]]
        assert sum(counts) == 300
        assert len({letter.message_id for letter in fake.letters}) == len(fake.letters) == 300

    @pytest.mark.parametrize(("lock", "claimed"), [("FOR UPDATE SKIP LOCKED", 0), ("", 1)])
    def test_hangs_on_the_lock_of_the_claim(
        self, lock: str, claimed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        statement = claiming._CLAIM.replace("FOR UPDATE SKIP LOCKED", lock)
        monkeypatch.setattr(claiming, "_CLAIM", statement)
        received_message(known_customer())
        found: list[int] = []

        def second() -> None:
            try:
                claim = claiming.claim_messages(channel=Channel.EMAIL, at_most=50)
                found.append(len(claim.messages))
            finally:
                connection.close()

        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, ["email", 50, 600.0, 20, 60])
                assert len(cursor.fetchall()) == 1
            other = threading.Thread(target=second)
            other.start()
            # Without the lock the second claim waits for our commit; with it, it is over by then.
            wait_until(lambda: not other.is_alive() or blocks_another_session())
        other.join()
        assert found == [claimed]


class TestOutcomes:
    def test_try_again_after_a_pause_what_was_not_sent(
        self, channel: Callable[[Deliver], Fake]
    ) -> None:
        message = received_message(known_customer())
        fake = channel(lambda letters: [NotSent(detail="450 later")] * len(letters))
        began = timezone.now()
        assert send_messages() == 0
        ended = timezone.now()
        kept = again(message)
        assert (kept.status, kept.problem, kept.attempts) == ("queued", "450 later", 1)
        shortest, longest = timedelta(seconds=0.5), timedelta(seconds=1)
        assert began + shortest <= kept.next_at <= ended + longest
        age(message, next_at=-timedelta(hours=1))
        assert send_messages() == 0
        assert len(fake.letters) == 1
        age(message, next_at=timedelta(0))
        channel(accept)
        assert send_messages() == 1
        assert (again(message).provider_id, again(message).problem) == ("ref-2", "")

    def test_pause_no_longer_than_a_minute(self, channel: Callable[[Deliver], Fake]) -> None:
        message = received_message(known_customer())
        Message.objects.filter(id=message.id).update(attempts=40)
        channel(lambda letters: [NotSent(detail="450 later")] * len(letters))
        began = timezone.now()
        send_messages()
        ended = timezone.now()
        shortest, longest = timedelta(seconds=30), timedelta(seconds=60)
        assert began + shortest <= again(message).next_at <= ended + longest

    def test_give_up_after_a_day(self, channel: Callable[[Deliver], Fake]) -> None:
        message = received_message(known_customer())
        age(message, queued_at=timedelta(hours=24, seconds=1))
        channel(lambda letters: [NotSent(detail="450 later")] * len(letters))
        send_messages()
        assert (again(message).status, again(message).problem) == ("failed", "450 later")

    def test_rest_when_the_provider_takes_nothing(self, channel: Callable[[Deliver], Fake]) -> None:
        customer_id = known_customer()
        handlers.tell_of_receipt([delivered(created(customer_id)) for _ in range(120)])
        fake = channel(lambda letters: [NotSent(detail="away")] * len(letters))
        send_messages()
        assert len(fake.letters) == 50

    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            (Refused(detail="550 who?", is_address_at_fault=True), "undeliverable"),
            (Refused(detail="550 spam", is_address_at_fault=False), "failed"),
            (OutcomeUnknown(detail="line dead"), "unconfirmed"),
        ],
    )
    def test_end_what_a_person_has_to_look_at(
        self, channel: Callable[[Deliver], Fake], outcome: Outcome, status: str
    ) -> None:
        message = received_message(known_customer())
        fake = channel(lambda letters: [outcome] * len(letters))
        assert send_messages() == 0
        age(message, next_at=timedelta(hours=1))
        assert send_messages() == 0
        assert len(fake.letters) == 1
        kept = again(message)
        assert (kept.status, kept.to_address) == (status, "ada@example.com")
        assert kept.problem in ("550 who?", "550 spam", "line dead")

    def test_are_recorded_although_the_database_went_away(
        self, channel: Callable[[Deliver], Fake]
    ) -> None:
        message = received_message(known_customer())

        def losing_the_database(letters: Sequence[Letter]) -> list[Outcome]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (victim,) = cursor.fetchone()

            def kill() -> None:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [victim])
                connection.close()

            killer = threading.Thread(target=kill)
            killer.start()
            killer.join()
            return accept(letters)

        channel(losing_the_database)
        assert send_messages() == 1
        assert (again(message).status, again(message).provider_id) == ("sent", "ref-1")
