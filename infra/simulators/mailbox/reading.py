"""Read messages from the files of `django.core.mail.backends.filebased`."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

END_OF_MESSAGE = b"\n" + b"-" * 79 + b"\n"
FIRST = datetime(1970, 1, 1, tzinfo=UTC)

_headers = BytesHeaderParser()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a letter says; `html` is empty where it has plain text only."""

    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, whose content stays in its file until it is asked for.

    `message_id` is the header `X-OMS-Message-Id`.
    """

    id: str
    to: str
    subject: str
    message_id: str
    sent_at: datetime
    path: Path
    start: int
    size: int

    def matches(self, words: str) -> bool:
        """Whether the words occur in the recipient or the subject; nothing matches all."""
        return words.casefold() in f"{self.to}\n{self.subject}".casefold()

    def read(self) -> Content:
        """Read what it says."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            message = email.message_from_bytes(file.read(self.size), policy=email.policy.default)
        return Content(text=_body(message, "plain"), html=_body(message, "html"))


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    letters: tuple[Letter, ...]


class Mailbox:
    """The letters of a folder. A file is read again only after it has grown."""

    def __init__(self, folder: Path) -> None:
        """Look into a folder, which need not exist yet."""
        self._folder = folder
        self._files: dict[str, _File] = {}

    def list_letters(self, words: str = "") -> list[Letter]:
        """Give the letters whose recipient or subject has the words, the newest first.

        A mail's date has no fractions of a second; the platform's ids of messages rise with time.
        """
        self._read_again()
        found = [
            letter
            for name in sorted(self._files, reverse=True)
            for letter in reversed(self._files[name].letters)
            if letter.matches(words)
        ]
        return sorted(found, key=lambda one: (one.sent_at, one.message_id), reverse=True)

    def find_letter(self, identifier: str) -> Letter | None:
        """Give one letter, or None."""
        self._read_again()
        file = self._files.get(identifier.rpartition(".")[0])
        letters = file.letters if file else ()
        return next((letter for letter in letters if letter.id == identifier), None)

    def _read_again(self) -> None:
        present: dict[str, _File] = {}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix == ".log":
                    size = path.stat().st_size
                    known = self._files.get(path.stem)
                    is_fresh = known is not None and known.size == size
                    present[path.stem] = known if known and is_fresh else _read(path, size)
        self._files = present


def _read(path: Path, size: int) -> _File:
    parts = enumerate(_parts(path.read_bytes()))
    return _File(size, tuple(_letter(path, place, *part) for place, part in parts))


def _parts(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Give where each message begins, and it; what follows the last end mark is still written."""
    start = 0
    while (end := text.find(END_OF_MESSAGE, start)) >= 0:
        if text[start:end].strip():
            yield start, text[start:end]
        start = end + len(END_OF_MESSAGE)


def _letter(path: Path, place: int, start: int, content: bytes) -> Letter:
    headers = _headers.parsebytes(content)
    return Letter(
        id=f"{path.stem}.{place}",
        to=_decoded(headers, "To"),
        subject=_decoded(headers, "Subject"),
        message_id=_decoded(headers, "X-OMS-Message-Id"),
        sent_at=_sent_at(headers),
        path=path,
        start=start,
        size=len(content),
    )


def _decoded(headers: Message, name: str) -> str:
    value = str(headers[name] or "")
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError):
        return value


def _sent_at(headers: Message) -> datetime:
    try:
        found = parsedate_to_datetime(str(headers["Date"]))
    except ValueError:
        return FIRST
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        return "(This part cannot be decoded.)"
