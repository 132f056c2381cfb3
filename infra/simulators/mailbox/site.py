"""The pages of the mailbox, and the same as JSON."""

import asyncio
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, quote

import msgspec

from infra.simulators.http_server import Request, Response
from infra.simulators.mailbox.reading import Letter, Mailbox
from infra.simulators.pages import page

SHOWN = 200
# Nothing in a letter may run, load from elsewhere, or reach this site.
LETTER_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class MailboxSite:
    """Answers everything below `/mailbox`."""

    def __init__(self, folder: Path) -> None:
        """Show the letters in a folder."""
        self._mailbox = Mailbox(folder)

    async def handle(self, request: Request) -> Response:
        """Answer a request; files are read beside the other work."""
        if request.method not in ("GET", "HEAD"):
            return page("Not possible", "<p>Letters can only be read.</p>", status=405)
        return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Response:
        wanted = dict(parse_qsl(request.query))
        path = request.path.removeprefix("/mailbox").strip("/")
        if path == "":
            return _list(self._mailbox.list_letters(wanted.get("q", "")), wanted.get("q", ""))
        if path == "messages.json":
            return _as_json(self._mailbox.list_letters(wanted.get("q", "")), wanted)
        identifier, _, part = path.removeprefix("messages/").partition("/")
        letter = self._mailbox.find_letter(identifier)
        if letter is None or not path.startswith("messages/") or part not in ("", "html"):
            return page("Not found", "<p>There is no such letter.</p>", status=404)
        return _html(letter) if part else _letter(letter)


def _list(letters: list[Letter], words: str) -> Response:
    rows = "".join(
        f'<tr><td class="time quiet">{letter.sent_at:%Y-%m-%d %H:%M:%S}</td>'
        f"<td>{escape(letter.to)}</td>"
        f'<td><a href="{_address(letter)}">{escape(letter.subject) or "(no subject)"}</a></td></tr>'
        for letter in letters[:SHOWN]
    )
    table = (
        f'<table><tr><th scope="col">Sent (UTC)</th><th scope="col">To</th>'
        f'<th scope="col">Subject</th></tr>{rows}</table>'
    )
    number = f"{len(letters)} letter{'' if len(letters) == 1 else 's'}"
    more = f", the newest {SHOWN} are shown" if len(letters) > SHOWN else ""
    return page(
        "Mailbox",
        f'<form><input type="search" name="q" value="{escape(words)}" '
        f'aria-label="Recipient or subject" placeholder="Recipient or subject"> '
        f'<button>Search</button></form> <span class="quiet">{number}{more}.</span>'
        f"{table if rows else '<p>Nothing here yet.</p>'}"
        f'<p class="quiet"><a href="/mailbox/messages.json">as JSON</a> · '
        f'<a href="/">all simulators</a></p>',
    )


def _letter(letter: Letter) -> Response:
    content = letter.read()
    html = (
        f'<h2>HTML</h2><iframe sandbox title="HTML part" src="{_address(letter)}/html"></iframe>'
        if content.html
        else ""
    )
    return page(
        letter.subject or "(no subject)",
        f'<p class="quiet">To {escape(letter.to)}, {letter.sent_at:%Y-%m-%d %H:%M:%S} UTC'
        f"{f', {escape(letter.message_id)}' if letter.message_id else ''}</p>"
        f"<pre>{escape(content.text)}</pre>{html}"
        f'<p><a href="/mailbox">back</a></p>',
    )


def _html(letter: Letter) -> Response:
    return Response(
        body=letter.read().html.encode(),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": LETTER_POLICY, "X-Content-Type-Options": "nosniff"},
    )


def _as_json(letters: list[Letter], wanted: dict[str, str]) -> Response:
    try:
        limit = int(wanted.get("limit", SHOWN))
        offset = int(wanted.get("offset", 0))
    except ValueError:
        return page("Not possible", "<p>limit and offset are numbers.</p>", status=400)
    rows = [
        {
            "id": letter.id,
            "to": letter.to,
            "subject": letter.subject,
            "x-oms-message-id": letter.message_id,
            "date": letter.sent_at.isoformat(),
            "text": letter.read().text,
        }
        for letter in letters[max(offset, 0) :][: max(limit, 0)]
    ]
    return Response(
        body=msgspec.json.encode({"total": len(letters), "messages": rows}),
        content_type="application/json",
    )


def _address(letter: Letter) -> str:
    return f"/mailbox/messages/{quote(letter.id)}"
