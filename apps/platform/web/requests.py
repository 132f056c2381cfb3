"""What a request says of itself: whether a program calls, and from which address."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

_API_PREFIXES: Final = ("/api/", "/health/", "/metrics")


def is_api_path(path: str) -> bool:
    """Tell whether programs call this path, so that even an error must be JSON."""
    return path.startswith(_API_PREFIXES) or path == "/health"


def client_address(headers: Mapping[str, Any], trusted_proxies: int) -> str:
    """Give the address a request comes from, behind so many proxies of ours.

    Each of them adds to `X-Forwarded-For` whom it was called by; what stands before that was
    written by the caller and proves nothing. Without that entry it is whoever called us.
    """
    direct = str(headers.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in headers.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if not 0 < trusted_proxies <= len(hops):
        return direct
    try:
        return str(ip_address(hops[-trusted_proxies]))
    except ValueError:
        return direct
