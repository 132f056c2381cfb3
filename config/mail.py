"""From a mail server's URL to Django's settings."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def mail_from_url(url: str) -> dict[str, Any]:
    """Read `smtp+starttls://user:password@host:587`; `smtps` is TLS from the first byte.

    Raises:
        ImproperlyConfigured: another scheme, no host, or a port that is none.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("OMS_SMTP_URL: the port is not a number") from error
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ImproperlyConfigured(
            "OMS_SMTP_URL: expected smtp://, smtp+starttls:// or smtps:// and a host"
        )
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or SCHEMES[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }
