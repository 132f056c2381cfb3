"""From a database URL to Django's settings; comma lists of hosts stay lists, for failover."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def database_from_url(url: str) -> dict[str, Any]:
    """Read `postgresql://user:password@host1:5432,host2:5433/name?option=value`.

    Of several hosts the one that takes writes is used, unless the URL asks for another
    (`target_session_attrs`).

    Raises:
        ImproperlyConfigured: another scheme, or no database name.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise ImproperlyConfigured(
            "DATABASE_URL: expected postgresql://user:password@host:port/name"
        )
    credentials, _, addresses = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    hosts, ports = zip(*(_host_and_port(one) for one in addresses.split(",")), strict=True)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": ",".join(hosts),
        "PORT": ",".join(ports),
        "CONN_MAX_AGE": None,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 2,
            "server_side_binding": True,
            "prepare_threshold": 3,
            **({"target_session_attrs": "read-write"} if len(hosts) > 1 else {}),
            **dict(parse_qsl(parts.query)),
        },
    }


def _host_and_port(address: str) -> tuple[str, str]:
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
        return host, port.lstrip(":") or "5432"
    host, _, port = address.partition(":")
    return host, port or "5432"
