"""What Django itself answers when no view does: a problem for programs, a page for people.

The root URLconf names these as `handler400`, `handler403`, `handler404` and `handler500`.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

from apps.platform.web.problems import refusal_for, respond_to
from apps.platform.web.requests import is_api_path


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 where the request itself was unreadable or suspicious, 413 where it was huge."""
    if is_api_path(request.path):
        return respond_to(request, exception)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if is_api_path(request.path):
        return respond_to(request, exception)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 where no URL fits."""
    if is_api_path(request.path):
        return respond_to(request, exception)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the database is only away, for what failed outside the views."""
    raised = sys.exc_info()[1]
    error = raised if isinstance(raised, Exception) else RuntimeError()
    if is_api_path(request.path):
        return respond_to(request, error)
    refusal = refusal_for(error)
    if refusal.status != 503:
        return defaults.server_error(request)
    # No request in it: what a template can ask of one may need the database.
    return HttpResponse(render_to_string("503.html"), status=503, headers=refusal.headers)
