"""The mailbox, filled by the backend of the local platform and by Django's own."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend

from apps.notifications.adapters.mailbox import MailboxBackend
from infra.simulators.http_server import Request, Response
from infra.simulators.mailbox.reading import Mailbox
from infra.simulators.mailbox.site import MailboxSite

DATE = re.compile(rb"\nDate: [^\n]*\n")


def send(
    folder: Path,
    subject: str,
    *,
    to: str = "ada@example.com",
    html: str = "",
    through: type[EmailBackend] = MailboxBackend,
) -> None:
    """Send a letter the way the platform does."""
    letter = EmailMultiAlternatives(
        subject,
        "Grüße, und danke für die Bestellung.\n",
        "orders@shop.example",
        [to],
        headers={"X-OMS-Message-Id": f"id-{subject}"},
    )
    if html:
        letter.attach_alternative(html, "text/html")
    backend = through(file_path=str(folder))
    backend.send_messages([letter])


def get(folder: Path, path: str, query: str = "") -> Response:
    """Ask for a page."""
    request = Request(
        method="GET",
        path=f"/mailbox{path}",
        query=query,
        headers={},
        body=b"",
        peer="127.0.0.1",
    )
    return asyncio.run(MailboxSite(folder).handle(request))


class TestTheMailbox:
    @pytest.mark.parametrize("through", [MailboxBackend, EmailBackend])
    def test_reads_what_is_written(self, through: type[EmailBackend], tmp_path: Path) -> None:
        send(tmp_path, "Order 7KQ3-M2XP-C", html="<p>Grüße</p>", through=through)

        (letter,) = Mailbox(tmp_path).list_letters()

        assert letter.to == "ada@example.com"
        assert letter.subject == "Order 7KQ3-M2XP-C"
        assert letter.message_id == "id-Order 7KQ3-M2XP-C"
        content = letter.read()
        assert content.text.strip() == "Grüße, und danke für die Bestellung."
        assert content.html.strip() == "<p>Grüße</p>"

    def test_keeps_what_is_not_ascii(self, tmp_path: Path) -> None:
        send(tmp_path, "Größe: ✓ " + "x" * 90)
        (letter,) = Mailbox(tmp_path).list_letters()
        assert letter.subject == "Größe: ✓ " + "x" * 90

    def test_refuses_a_line_break_in_a_header(self, tmp_path: Path) -> None:
        with pytest.raises(BadHeaderError):
            send(tmp_path, "Order\nBcc: eve@example.com")
        assert Mailbox(tmp_path).list_letters() == []

    def test_puts_the_newest_first_within_a_second_too(self, tmp_path: Path) -> None:
        for subject in ("2 confirmed", "1 received", "3 cancelled"):
            send(tmp_path, subject)
        for file in tmp_path.iterdir():
            file.write_bytes(
                DATE.sub(b"\nDate: Fri, 27 Nov 2026 04:00:00 -0000\n", file.read_bytes())
            )

        letters = Mailbox(tmp_path).list_letters()

        assert [one.subject[0] for one in letters] == ["3", "2", "1"]

    def test_finds_by_recipient_and_by_subject(self, tmp_path: Path) -> None:
        send(tmp_path, "Order paid", to="ada@example.com")
        send(tmp_path, "Order shipped", to="bob@example.com")
        mailbox = Mailbox(tmp_path)

        assert [one.subject for one in mailbox.list_letters("BOB@")] == ["Order shipped"]
        assert [one.to for one in mailbox.list_letters("paid")] == ["ada@example.com"]
        assert len(mailbox.list_letters("order")) == 2

    def test_notices_letters_that_come_later(self, tmp_path: Path) -> None:
        mailbox = Mailbox(tmp_path / "not-there-yet")
        assert mailbox.list_letters() == []

        send(tmp_path / "not-there-yet", "First")
        assert len(mailbox.list_letters()) == 1
        send(tmp_path / "not-there-yet", "Second")

        assert len(mailbox.list_letters()) == 2

    def test_tells_letters_in_one_file_apart(self, tmp_path: Path) -> None:
        send(tmp_path, "Größe 42", html="<p>one</p>")
        send(tmp_path / "other", "Second", html="<p>two</p>")
        (file,), (other,) = tmp_path.glob("*.log"), (tmp_path / "other").iterdir()
        file.write_bytes(file.read_bytes() + other.read_bytes())

        letters = Mailbox(tmp_path).list_letters()

        assert {letter.subject: letter.read().html.strip() for letter in letters} == {
            "Größe 42": "<p>one</p>",
            "Second": "<p>two</p>",
        }

    def test_waits_for_the_end_of_a_letter(self, tmp_path: Path) -> None:
        send(tmp_path, "Whole")
        (file,) = tmp_path.iterdir()
        whole = file.read_bytes()
        mailbox = Mailbox(tmp_path)

        file.write_bytes(whole + whole[:100])
        assert len(mailbox.list_letters()) == 1
        file.write_bytes(whole + whole)

        assert len(mailbox.list_letters()) == 2


class TestThePages:
    def test_give_the_letters_as_json(self, tmp_path: Path) -> None:
        send(tmp_path, "Paid")
        send(tmp_path, "Shipped")

        found = json.loads(get(tmp_path, "/messages.json", "limit=1").body)

        assert found["total"] == 2
        (row,) = found["messages"]
        assert row.keys() == {"id", "to", "subject", "x-oms-message-id", "date", "text"}

    def test_show_nothing_foreign_as_html(self, tmp_path: Path) -> None:
        send(tmp_path, "<script>alert(1)</script>", html="<script>alert(2)</script>")
        (letter,) = Mailbox(tmp_path).list_letters()

        pages = [get(tmp_path, ""), get(tmp_path, f"/messages/{letter.id}")]

        for page in pages:
            assert b"<script" not in page.body
            assert b"&lt;script&gt;alert(1)" in page.body
        assert b"<iframe sandbox " in pages[1].body

    def test_shut_the_html_of_a_letter_in(self, tmp_path: Path) -> None:
        send(tmp_path, "Paid", html="<b>hi</b>")
        (letter,) = Mailbox(tmp_path).list_letters()

        page = get(tmp_path, f"/messages/{letter.id}/html")

        assert page.body.strip() == b"<b>hi</b>"
        assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")

    @pytest.mark.parametrize("path", ["/messages/../secret.0", "/messages/x.0", "/nonsense"])
    def test_know_no_other_files(self, tmp_path: Path, path: str) -> None:
        (tmp_path.parent / "secret.log").write_text("secret\n" + "-" * 79 + "\n")

        assert get(tmp_path, path).status == 404
