"""Mail into the files of a folder, for the local platform: what a mail server would have got.

The standard library's generator takes a message apart and folds every header anew; for thousands of
mails a minute on the machine that also takes the orders, that was a tenth of all work. A mail of
ours has a handful of headers and two bodies, which are written out here.
"""

from base64 import b64encode
from email.utils import formatdate
from typing import IO, Final, cast

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend
from django.core.mail.message import forbid_multi_line_headers

SEPARATOR: Final = "=_mail_of_the_local_mailbox_="
END_OF_MESSAGE: Final = b"\n" + b"-" * 79 + b"\n"


class MailboxBackend(EmailBackend):
    """Appends each mail to a file of its own connection, as Django's file backend does."""

    def write_message(self, message: EmailMessage) -> None:
        """Write one mail.

        Raises:
            django.core.mail.BadHeaderError: a header has a line break in it.
        """
        cast("IO[bytes]", self.stream).write(as_mime(message) + END_OF_MESSAGE)


def as_mime(message: EmailMessage) -> bytes:
    """Give a mail as MIME, with its text and its page as alternatives.

    Each is one line, however long: what never travels needs no lines of 76 characters.
    """
    headers = {
        "Subject": message.subject,
        "From": message.from_email,
        "To": ", ".join(message.to),
        "Date": formatdate(localtime=False),
        "MIME-Version": "1.0",
        **message.extra_headers,
        "Content-Type": f'multipart/alternative; boundary="{SEPARATOR}"',
    }
    head = "".join(f"{name}: {_safe(name, str(value))}\n" for name, value in headers.items())
    bodies = [("plain", message.body)]
    if isinstance(message, EmailMultiAlternatives):
        bodies += [("html", str(content)) for content, _ in message.alternatives]
    parts = (
        f"--{SEPARATOR}\nContent-Type: text/{kind}; charset=utf-8\n"
        f"Content-Transfer-Encoding: base64\n\n{b64encode(body.encode()).decode()}\n"
        for kind, body in bodies
    )
    return f"{head}\n{''.join(parts)}--{SEPARATOR}--\n".encode()


def _safe(name: str, value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    _, encoded = forbid_multi_line_headers(name, value, "utf-8")
    return str(encoded)
