"""What no request gets past: a size, a card number, a missing name. Runs before everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from apps.platform.cards.numbers import contains_card_data
from apps.platform.telemetry.metrics import cards_refused_total
from apps.platform.telemetry.request_ids import identity_of
from apps.platform.web.card_refusals import GUARDED_HEADERS, as_sent, card_refused
from apps.platform.web.problems import respond_to
from apps.platform.web.refusals import HttpRefusal, method_not_allowed
from apps.platform.web.requests import client_address, is_api_path

MAX_BODY_BYTES: Final = 256 * 1024
CARD_GUARD_EXEMPT: Final = ("/api/v1/webhooks/",)
CARD_GUARDED_PAGES: Final = ("/admin/login/",)
"""Whoever fails to log in is written down, with all that was sent."""

_API_HEADERS: Final = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


class RequestGuard:
    """Name every request, refuse what is too large or holds a card number, and seal the answer.

    Settings, read once when the process starts, all optional: `OMS_MAX_BODY_BYTES` (256 KiB),
    `OMS_MAX_BODY_BYTES_BELOW` (path prefix to bytes, for bulk pushes; Django's own
    `DATA_UPLOAD_MAX_MEMORY_SIZE` must allow it too) and `OMS_CARD_GUARD_EXEMPT` (path prefixes
    of bodies; providers' webhooks, whose signed bodies are full of long references: whoever reads them
    masks what is kept of them). With
    `OMS_TRUSTED_PROXIES`, `REMOTE_ADDR` becomes the address that these proxies were called from.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Read the settings."""
        self._get_response = get_response
        self._trusted_proxies: int = getattr(settings, "OMS_TRUSTED_PROXIES", 0)
        self._max_bytes: int = getattr(settings, "OMS_MAX_BODY_BYTES", MAX_BODY_BYTES)
        below: dict[str, int] = getattr(settings, "OMS_MAX_BODY_BYTES_BELOW", {})
        self._max_bytes_below = tuple(below.items())
        self._exempt = tuple(getattr(settings, "OMS_CARD_GUARD_EXEMPT", CARD_GUARD_EXEMPT))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Check, pass on, and put `X-Request-ID` and the security headers on the answer."""
        request_id = identity_of(request).request_id
        if self._trusted_proxies:
            request.META["REMOTE_ADDR"] = client_address(request.META, self._trusted_proxies)
        is_api = is_api_path(request.path)
        if not is_api and _holds_null(request):
            return HttpResponseBadRequest("A URL must not hold a null character.")
        if request.path.startswith(CARD_GUARDED_PAGES) and (
            _holds_card(request) or _form_holds_card(request)
        ):
            return HttpResponseBadRequest("This holds a card number or a security code.")
        response = self._answer(request) if is_api else self._get_response(request)
        headers = response.headers
        headers["X-Request-ID"] = request_id
        if is_api and not headers.get("Content-Type", "").startswith("text/html"):
            headers.setdefault("Cache-Control", "no-store")
            for name, value in _API_HEADERS:
                headers[name] = value
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            self._check(request)
        except Exception as error:
            return respond_to(request, error)
        response = self._get_response(request)
        # What Django answers for a view that is a function has no body; ours have answered already.
        if isinstance(response, HttpResponseNotAllowed):
            return respond_to(
                request, method_not_allowed(request.method, response.headers["Allow"])
            )
        return response

    def _check(self, request: HttpRequest) -> None:
        if _holds_null(request):
            raise HttpRefusal(400, "bad_request", "A URL must not hold a null character.")
        if "HTTP_TRANSFER_ENCODING" in request.META:
            # A body without a length is not read, and must not be taken for none.
            raise HttpRefusal(411, "length_required", "Send the body with a Content-Length.")
        if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise HttpRefusal(415, "unsupported_media_type", "Send the body uncompressed.")
        length = _content_length(request)
        if length > self._limit_of(request.path):
            raise HttpRefusal(
                413,
                "body_too_large",
                f"The body must not exceed {self._limit_of(request.path)} bytes.",
            )
        if _holds_card(request, with_body=not request.path.startswith(self._exempt)):
            cards_refused_total.inc()
            raise card_refused(request)

    def _limit_of(self, path: str) -> int:
        for prefix, max_bytes in self._max_bytes_below:
            if path.startswith(prefix):
                return max_bytes
        return self._max_bytes


def _holds_null(request: HttpRequest) -> bool:
    # A null may hide behind the percent signs of the admin's own links, too.
    return "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")


def _holds_card(request: HttpRequest, *, with_body: bool = True) -> bool:
    """Look at the body and, one by one, at what stands around it."""
    words = [
        request.path.encode("utf-8", "replace"),
        _unquoted(as_sent(request.META.get("QUERY_STRING", ""))),
        *(as_sent(request.META.get(name, "")) for name in GUARDED_HEADERS),
    ]
    # Nulls, since a number may go on after the end of a line.
    if contains_card_data(b"\0".join(words)):
        return True
    if not with_body or not _content_length(request):
        return False
    body = request.body
    if request.content_type == "application/x-www-form-urlencoded":
        body = _unquoted(body)
    return contains_card_data(body)


def _form_holds_card(request: HttpRequest) -> bool:
    """Look at a form as Django reads it: a part may be written in base64, or in a charset of its own."""
    fields = [f"{name}={one}" for name, values in request.POST.lists() for one in values]
    return contains_card_data("\0".join(fields).encode("utf-8", "replace"))


def _unquoted(form: bytes) -> bytes:
    return unquote_to_bytes(form.replace(b"+", b" "))


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
