"""Email, through whichever backend Django's `EMAIL_BACKEND` names."""

import contextlib
import smtplib
import time
from collections.abc import Sequence
from email.utils import parseaddr
from functools import cache

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from apps.notifications.ports import Accepted, Letter, NotSent, Outcome, OutcomeUnknown, Refused

MESSAGE_HEADER = "X-OMS-Message-Id"
"""The header that names our message, the same in every attempt."""

PATIENCE_SECONDS = 20.0
"""How long a connection to a slow server is used for further letters."""

_SERVICE_CLOSING = 421
_LONGEST_DETAIL = 200

log = structlog.get_logger(__name__)


class Mail:
    """Sends letters as email; an address that the server refuses for good is told apart."""

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Send letters over one connection; see the port for what is promised."""
        connection = None
        try:
            connection = get_connection()
            connection.open()
        except Exception as error:
            # Whatever it is, no letter has left: none may be taken for sent.
            log.warning("mail_unreachable", error=type(error).__name__, letters=len(letters))
            return [NotSent(detail=_described(error))] * len(letters)
        outcomes: list[Outcome] = []
        stops_at = time.monotonic() + PATIENCE_SECONDS
        try:
            for letter in letters:
                outcome, is_connected = _send(connection, letter)
                outcomes.append(outcome)
                if not is_connected or time.monotonic() > stops_at:
                    break
        finally:
            # What was accepted stays accepted, however the goodbye ends.
            with contextlib.suppress(OSError):
                connection.close()
        rest = NotSent(detail="The connection ended before this message's turn.")
        return [*outcomes, *[rest] * (len(letters) - len(outcomes))]


def _send(connection: BaseEmailBackend, letter: Letter) -> tuple[Outcome, bool]:
    """Send one letter and say whether the connection can take another."""
    if not letter.to_address:
        return Refused(detail="There is no address.", is_address_at_fault=True), True
    email = _email(letter)
    try:
        connection.send_messages([email])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        return _answered(code, reply, is_address_at_fault=True)
    except smtplib.SMTPResponseException as error:
        return _answered(error.smtp_code, error.smtp_error, is_address_at_fault=False)
    except smtplib.SMTPNotSupportedError as error:
        return Refused(detail=_described(error), is_address_at_fault=True), True
    except OSError as error:
        # The line went dead, perhaps between the server's taking the letter and its saying so.
        return OutcomeUnknown(detail=_described(error)), False
    except ValueError as error:
        # Django could not write the address or a header; nothing was said to the server.
        return Refused(detail=_described(error), is_address_at_fault=True), True
    except Exception as error:
        log.exception("mail_backend_failed", message_id=str(letter.message_id))
        return OutcomeUnknown(detail=_described(error)), False
    return Accepted(provider_id=email.extra_headers["Message-ID"]), True


def _answered(code: int, reply: bytes | str, *, is_address_at_fault: bool) -> tuple[Outcome, bool]:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    detail = f"{code} {text}"[:_LONGEST_DETAIL]
    if code >= 500:
        return Refused(detail=detail, is_address_at_fault=is_address_at_fault), True
    return NotSent(detail=detail), code != _SERVICE_CLOSING


def _email(letter: Letter) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[letter.to_address],
        headers={
            "Message-ID": f"<{letter.message_id}.{letter.attempt}@{_domain()}>",
            MESSAGE_HEADER: str(letter.message_id),
            # RFC 3834: keeps holiday notices from answering.
            "Auto-Submitted": "auto-generated",
        },
    )
    email.attach_alternative(letter.html, "text/html")
    return email


@cache
def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]
