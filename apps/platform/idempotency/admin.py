"""Idempotency keys for operators: who sent which, what came of it, and until when it is remembered.

Django's admin takes no table whose key has two columns, so these pages stand beside it. They never show
an answer: it may hold names and addresses.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from msgspec import DecodeError, Struct

from apps.kernel.decoding import decode
from apps.kernel.identifiers import OrderId, read_id
from apps.platform.backoffice.addresses import read_instant
from apps.platform.backoffice.formatting import NOTHING, identifier, link, moment, order_link
from apps.platform.backoffice.panels import Panel, Table
from apps.platform.idempotency.models import IdempotencyRecord

MAY_LOOK = "platform_idempotency.view_idempotencyrecord"
SHOWN = 50
EXPLAINED = (
    "A request that is still being answered has no record yet, and one that was refused gets none."
)
_PLACED = re.compile(r"/orders/([^/]+)$")


class _Named(Struct, frozen=True, kw_only=True):
    """The only words of an answer that are looked at."""

    order_id: UUID | None = None
    order_number: str = ""
    number: str = ""


def show_log(request: HttpRequest) -> HttpResponse:
    """Show the newest keys; with `client` that client's, in the order of the keys; with `key` that one.

    Keys are found by their client alone, as the table's index begins with it. Raises PermissionDenied to
    whoever may not see keys.
    """
    _insist_on_permission(request)
    client, key = (request.GET.get(name, "").strip() for name in ("client", "key"))
    records: Sequence[IdempotencyRecord] = ()
    if key and not client:
        note = "Name the client, too: two clients may have the same key."
    else:
        records = _list_of(client, key, request) if client else _list_newest(request)
        note = "" if records else "No key fits."
    further = ""
    if len(records) > SHOWN:
        last = records[SHOWN - 1]
        place = {"after_key": last.key}
        place |= (
            {"client": client}
            if client
            else {"at": last.expires_at.isoformat(), "after_client": last.client}
        )
        further = urlencode(place)
    return TemplateResponse(
        request,
        "idempotency/log.html",
        {
            **admin.site.each_context(request),
            "title": "Idempotency keys",
            "client": client,
            "key": key,
            "further": further,
            "panel": Panel(tables=(_table(records[:SHOWN]),), note=f"{note} {EXPLAINED}".strip()),
        },
    )


def show_record(request: HttpRequest) -> HttpResponse:
    """Show what became of the `key` of a `client`, without the answer."""
    _insist_on_permission(request)
    whose, key = (request.GET.get(name, "") for name in ("client", "key"))
    record = IdempotencyRecord.objects.filter(client=whose, key=key).first()
    if record is None:
        raise Http404
    panel = Panel(
        facts=(
            ("Client", _client(record)),
            ("Key", identifier(record.key)),
            ("Used for", _used_for(record)),
            ("Answered with", str(record.status)),
            ("Answered at", moment(record.created_at)),
            ("Remembered until", moment(record.expires_at)),
            ("A repetition", _repetition(record, timezone.now())),
            ("SHA-256 of the request", identifier(bytes(record.fingerprint).hex())),
        )
    )
    context = {**admin.site.each_context(request), "title": "Idempotency key", "panel": panel}
    return TemplateResponse(request, "backoffice/panel_page.html", context)


def _insist_on_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_LOOK):
        raise PermissionDenied


def _list_newest(request: HttpRequest) -> list[IdempotencyRecord]:
    """Find one more than is shown; all are remembered equally long, so what expires last is newest."""
    records = IdempotencyRecord.objects.order_by("-expires_at", "client", "key")
    at = read_instant(request.GET.get("at", ""))
    if at is not None:
        place = (request.GET.get("after_client", ""), request.GET.get("after_key", ""))
        # The plain bound is what the index knows.
        records = records.filter(expires_at__lte=at).filter(Q(expires_at__lt=at) | Q(pk__gt=place))
    return list(records[: SHOWN + 1])


def _list_of(client: str, key: str, request: HttpRequest) -> list[IdempotencyRecord]:
    """Find one more of a client than is shown, or the one of that key."""
    records = IdempotencyRecord.objects.filter(client=client).order_by("key")
    if key:
        records = records.filter(key=key)
    return list(records.filter(key__gt=request.GET.get("after_key", ""))[: SHOWN + 1])


def _table(records: Sequence[IdempotencyRecord]) -> Table:
    now = timezone.now()
    return Table(
        headings=("Answered at", "Client", "Key", "Used for", "Answered with", "A repetition"),
        rows=[
            (
                moment(one.created_at),
                _client(one),
                link(f"{reverse('platform_idempotency_record')}?{_name(one)}", one.key),
                _used_for(one),
                str(one.status),
                _repetition(one, now),
            )
            for one in records
        ],
    )


def _name(record: IdempotencyRecord) -> str:
    return urlencode({"client": record.client, "key": record.key})


def _client(record: IdempotencyRecord) -> SafeString:
    page = reverse("platform_idempotency_log")
    return link(f"{page}?{urlencode({'client': record.client})}", record.client)


def _repetition(record: IdempotencyRecord, now: datetime) -> str:
    return "gets the same answer" if record.expires_at > now else "is a new request"


def _used_for(record: IdempotencyRecord) -> SafeString | str:
    """Name the order that was placed, or that a refund or payment belongs to; else what was made."""
    try:
        named = decode(bytes(record.body), _Named)
    except DecodeError:
        named = _Named()
    made = str(record.headers.get("Location", ""))
    placed = _PLACED.search(made)
    if placed and (order_id := read_id(OrderId, placed[1])):
        return format_html("placing {}", order_link(order_id, named.number or "an order"))
    if named.order_id:
        text = named.order_number or "an order"
        return format_html("the money of {}", order_link(OrderId(named.order_id), text))
    return made or NOTHING


urlpatterns = [
    path("", admin.site.admin_view(show_log), name="platform_idempotency_log"),
    path("key/", admin.site.admin_view(show_record), name="platform_idempotency_record"),
]
