"""Edit only what you have seen: strong entity tags and `If-Match` (RFC 9110)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest

from apps.platform.web.refusals import HttpRefusal

V = TypeVar("V", int, str)


def etag_of(version: int | str) -> str:
    """Give the strong tag of a version, such as `"7"`."""
    return f'"{version}"'


def insist_on_match(request: HttpRequest, version: int | str) -> None:
    """Go on only where the caller has seen this version, or says `*`.

    Raises:
        HttpRefusal: 428, there is no `If-Match`; 412, it names other versions only.

    """
    tags = _tags(request.META.get("HTTP_IF_MATCH", ""))
    if not tags:
        raise HttpRefusal(
            428,
            "precondition_required",
            "Send the ETag of what you have read as If-Match.",
        )
    if "*" not in tags and etag_of(version) not in tags:
        raise HttpRefusal(
            412,
            "precondition_failed",
            "It has changed since you read it; read it again.",
            headers={"ETag": etag_of(version)},
        )


def version_seen(request: HttpRequest, read: Callable[[], V]) -> V | None:
    """Give the version that the caller insists on: none where `If-Match` was not sent, or says `*`.

    Raises:
        HttpRefusal: 428, `If-Match` names nothing; 412, it names other versions than what `read` gives.
    """
    if "If-Match" not in request.headers:
        return None
    version = read()
    insist_on_match(request, version)
    return None if "*" in _tags(request.headers["If-Match"]) else version


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",") if tag.strip()]
