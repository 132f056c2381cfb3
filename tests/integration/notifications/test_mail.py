"""The mail adapter against a server that speaks SMTP."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.kernel.identifiers import new_id
from apps.notifications.adapters import mail
from apps.notifications.adapters.mail import Mail
from apps.notifications.domain.identifiers import MessageId
from apps.notifications.ports import Accepted, Letter, NotSent, Outcome, OutcomeUnknown, Refused
from tests.integration.notifications.smtp_server import SmtpServer, running_smtp_server


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with running_smtp_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 5
        yield running


def letter(to: str, *, attempt: int = 1) -> Letter:
    return Letter(
        message_id=MessageId(new_id()),
        attempt=attempt,
        to_address=to,
        subject="Ihre Bestellung 7KQ3-M2XP-C ist bestätigt",
        text="Guten Tag,\n\n2 × Krug: 39,80\u00a0€\n",
        html="<p>Guten Tag</p>",
    )


def deliver(*addresses: str) -> list[Outcome]:
    return Mail().deliver([letter(address) for address in addresses])


class TestMail:
    def test_hands_a_letter_over_as_it_was_written(self, server: SmtpServer) -> None:
        sent = letter("ada@example.com", attempt=3)
        assert Mail().deliver([sent]) == [
            Accepted(provider_id=f"<{sent.message_id}.3@shop.example>")
        ]
        ((recipient, raw),) = server.letters
        arrived = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(arrived, EmailMessage)
        assert recipient == arrived["To"] == "ada@example.com"
        assert arrived["Subject"] == sent.subject
        assert arrived["X-OMS-Message-Id"] == str(sent.message_id)
        assert arrived["Message-ID"] == f"<{sent.message_id}.3@shop.example>"
        assert arrived.get_content_type() == "multipart/alternative"
        text, page = (arrived.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert page is not None
        assert text.get_content().replace("\r\n", "\n") == sent.text
        assert page.get_content().strip() == sent.html

    def test_sends_a_batch_over_one_connection(self, server: SmtpServer) -> None:
        outcomes = deliver(*(f"customer-{number}@example.com" for number in range(20)))
        assert [type(outcome) for outcome in outcomes] == [Accepted] * 20
        assert (len(server.letters), server.connections) == (20, 1)

    def test_tells_an_address_that_does_not_exist_and_goes_on(self, server: SmtpServer) -> None:
        refused, accepted = deliver("refused@example.com", "ada@example.com")
        assert refused == Refused(detail="550 5.1.1 no such mailbox", is_address_at_fault=True)
        assert isinstance(accepted, Accepted)

    def test_tells_what_may_be_tried_again_and_goes_on(self, server: SmtpServer) -> None:
        later, accepted = deliver("later@example.com", "ada@example.com")
        assert later == NotSent(detail="450 4.2.0 try again later")
        assert isinstance(accepted, Accepted)

    def test_tells_a_letter_that_is_not_liked_from_a_bad_address(self, server: SmtpServer) -> None:
        (outcome,) = deliver("spam@example.com")
        assert outcome == Refused(detail="554 5.7.1 we do not like it", is_address_at_fault=False)

    def test_takes_a_refused_sender_for_a_fault_of_ours(
        self, server: SmtpServer, settings: Settings
    ) -> None:
        settings.DEFAULT_FROM_EMAIL = "broke@shop.example"
        (outcome,) = deliver("ada@example.com")
        assert outcome == Refused(detail="550 5.7.1 not you", is_address_at_fault=False)

    def test_does_not_know_about_the_letter_under_way_when_the_line_goes_dead(
        self, server: SmtpServer
    ) -> None:
        first, second, third = deliver("ada@example.com", "drop@example.com", "eve@example.com")
        assert isinstance(first, Accepted)
        assert isinstance(second, OutcomeUnknown)
        assert third == NotSent(detail="The connection ended before this message's turn.")
        assert [recipient for recipient, _ in server.letters] == ["ada@example.com"]

    def test_stops_when_the_server_says_that_it_is_closing(self, server: SmtpServer) -> None:
        first, second = deliver("closing@example.com", "ada@example.com")
        assert first == NotSent(detail="421 4.3.2 shutting down")
        assert second == NotSent(detail="The connection ended before this message's turn.")
        assert server.letters == []

    def test_sends_nothing_where_no_server_answers(self, settings: Settings) -> None:
        with running_smtp_server() as server:
            port = server.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        outcomes = deliver("ada@example.com", "eve@example.com")
        assert outcomes[0] == outcomes[1]
        assert isinstance(outcomes[0], NotSent)
        assert "ConnectionRefusedError" in outcomes[0].detail

    def test_sends_nothing_where_the_backend_is_not_set_up(self, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "no.such.Backend"
        (outcome,) = deliver("ada@example.com")
        assert isinstance(outcome, NotSent)

    @pytest.mark.parametrize("address", ["", "ada@", "ada@@example.com", "a@b.c\nBcc: eve@b.c"])
    def test_refuses_an_address_that_cannot_be_written(
        self, server: SmtpServer, address: str
    ) -> None:
        refused, accepted = deliver(address, "ada@example.com")
        assert isinstance(refused, Refused)
        assert refused.is_address_at_fault
        assert isinstance(accepted, Accepted)

    def test_leaves_a_slow_server_before_the_lease_of_its_letters_ends(
        self, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mail, "PATIENCE_SECONDS", -1.0)
        first, second = deliver("ada@example.com", "eve@example.com")
        assert isinstance(first, Accepted)
        assert isinstance(second, NotSent)

    def test_puts_a_batch_into_one_file_where_mail_is_kept_in_a_folder(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        settings.EMAIL_BACKEND = "apps.notifications.adapters.mailbox.MailboxBackend"
        settings.EMAIL_FILE_PATH = str(tmp_path)
        letters = [letter("ada@example.com"), letter("eve@example.com")]
        assert [type(one) for one in Mail().deliver(letters)] == [Accepted, Accepted]
        (file,) = tmp_path.iterdir()
        written = file.read_text(encoding="utf-8")
        for one in letters:
            assert f"X-OMS-Message-Id: {one.message_id}" in written
