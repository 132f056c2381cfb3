"""Which request this is: the ids under which its logs, traces and events are found again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import HttpRequest

from apps.kernel.identifiers import new_id
from apps.platform.cards.numbers import contains_card_data
from apps.platform.cards.writing import holds_card_digits
from apps.platform.telemetry.trace_context import read_trace_context

_META_KEY: Final = "oms.request"
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """The names of one request.

    Attributes:
        request_id: what the caller sent as `X-Request-ID`, or a new UUID; at most 64 characters,
            and no card number or security code.
        correlation_id: the same as a UUID; one made from the request id where that is none.
        traceparent: what the W3C header says that the caller sent; empty where it is none, or its
            digits hold a card number.

    """

    request_id: str
    correlation_id: UUID
    traceparent: str


def identity_of(request: HttpRequest) -> RequestIdentity:
    """Give the names of a request; they are chosen once and stay the same."""
    known = request.META.get(_META_KEY)
    if isinstance(known, RequestIdentity):
        return known
    identity = _identify(request)
    request.META[_META_KEY] = identity
    return identity


def _identify(request: HttpRequest) -> RequestIdentity:
    headers = request.META
    sent = headers.get("HTTP_X_REQUEST_ID", "")
    traceparent = _trace_of_caller(headers.get("HTTP_TRACEPARENT", ""))
    if not sent or not _TOKEN.fullmatch(sent) or contains_card_data(sent.encode()):
        correlation_id = new_id()
        return RequestIdentity(str(correlation_id), correlation_id, traceparent)
    try:
        return RequestIdentity(sent, UUID(sent), traceparent)
    except ValueError:
        return RequestIdentity(sent, uuid5(NAMESPACE_URL, f"urn:oms:request:{sent}"), traceparent)


def _trace_of_caller(sent: str) -> str:
    """Write what was read, not what was sent: later versions may say more after it."""
    read = str(read_trace_context(sent) or "")
    return "" if holds_card_digits(read) else read
