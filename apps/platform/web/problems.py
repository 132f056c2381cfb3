"""Say no over HTTP: every refusal and every failure as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import Error as DatabaseFailure
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf

from apps.kernel.decoding import convert
from apps.kernel.errors import DomainError, JsonValue
from apps.platform.database_failures import sqlstate_of
from apps.platform.telemetry.masking import masked_text
from apps.platform.telemetry.request_ids import identity_of
from apps.platform.web.refusals import DEFAULT_STATUS, STATUS_OF, FieldError, HttpRefusal
from apps.platform.web.traces import trace_id_of

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1

_CODE_OF_STATUS: Final = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
# What PostgreSQL says while it fails over, is overloaded or wants a transaction repeated: the
# classes connection, rollback, resources, intervention; lock time-out; a primary turned standby; a
# process that was stopped in the middle of a transaction.
_PASSING_SQLSTATES: Final = ("08", "40", "53", "57", "55P03", "25006", "25P03")

log: Final = structlog.get_logger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457).

    Attributes:
        type: a URI for the kind of problem; ends with `code`.
        title: the kind of problem in a few words; the same for each of a kind.
        status: the HTTP status.
        detail: what happened this time, in a sentence fit for a person.
        instance: the path that was called, without any card number in it.
        code: a stable word to program against.
        trace_id: what to quote to support.
        errors: each field that is wrong.

    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    errors: tuple[FieldError, ...] = ()


def problem_response(request: HttpRequest, refusal: HttpRefusal) -> HttpResponse:
    """Write a refusal as a problem; its `context` becomes further members."""
    problem = Problem(
        type=f"{getattr(settings, 'OMS_PROBLEM_BASE_URI', 'urn:oms:problem:')}{refusal.code}",
        title=refusal.code.replace("_", " ").capitalize(),
        status=refusal.status,
        detail=refusal.detail,
        instance=masked_text(request.path),
        code=refusal.code,
        trace_id=trace_id_of(request),
        errors=refusal.errors,
    )
    members = {**refusal.context, **msgspec.to_builtins(problem)}
    return HttpResponse(
        msgspec.json.encode(members),
        status=refusal.status,
        content_type=MEDIA_TYPE,
        headers=refusal.headers,
    )


def respond_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer any exception with a problem. What nobody foresaw is logged with its traceback."""
    refusal = refusal_for(error)
    if refusal.status == 500:
        log.error(
            "request_failed",
            method=request.method,
            path=request.path,
            request_id=identity_of(request).request_id,
            exc_info=error,
        )
    elif refusal.status == 503:
        log.warning("request_postponed", path=request.path, reason=type(error).__name__)
    return problem_response(request, refusal)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer for views of Django REST Framework that are not ours (`EXCEPTION_HANDLER`)."""
    return respond_to(context["request"], error)


def refusal_for(error: Exception) -> HttpRefusal:
    """Translate an exception; what is not known to be the caller's or a passing fault is a 500."""
    if isinstance(error, HttpRefusal):
        return error
    if isinstance(error, DomainError):
        return _of_domain_error(error)
    if isinstance(error, drf.APIException):
        return _of_drf(error)
    if isinstance(error, Http404):
        return HttpRefusal(404, "not_found", "There is nothing here.")
    if isinstance(error, PermissionDenied):
        return HttpRefusal(403, "permission_denied", "You may not do this.")
    if isinstance(error, RequestDataTooBig):
        return HttpRefusal(413, "body_too_large", "The body is too large.")
    if isinstance(error, (SuspiciousOperation, BadRequest, UnreadablePostError)):
        return HttpRefusal(400, "bad_request", "The request could not be read.")
    if isinstance(error, DatabaseFailure) and _is_passing(error):
        return HttpRefusal(
            503,
            "temporarily_unavailable",
            "We cannot do this just now; try again in a moment.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    return HttpRefusal(500, "internal_error", "Something went wrong on our side.")


def _of_domain_error(error: DomainError) -> HttpRefusal:
    status = STATUS_OF.get(error.code)
    if status is None:
        log.warning("status_missing", code=error.code)
        status = DEFAULT_STATUS
    wait = error.context.get("retry_after_seconds", RETRY_AFTER_SECONDS if status == 503 else None)
    headers = {} if wait is None else {"Retry-After": str(wait)}
    context = dict(error.context)
    pointer, parameter = context.pop("pointer", None), context.pop("parameter", None)
    also = cast("list[JsonValue]", context.pop("also", []))
    errors = []
    if isinstance(pointer, str):
        errors.append(FieldError(pointer=pointer, detail=error.detail))
    elif isinstance(parameter, str):
        errors.append(FieldError(parameter=parameter, detail=error.detail))
    errors += [convert(other, FieldError) for other in also]
    return HttpRefusal(
        status, error.code, error.detail, errors=errors, headers=headers, context=context
    )


def _of_drf(error: drf.APIException) -> HttpRefusal:
    headers = {}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, drf.ValidationError):
        return HttpRefusal(
            422,
            "validation_failed",
            "The request does not fit; see `errors`.",
            errors=[FieldError(detail=str(error.detail))],
        )
    code = _CODE_OF_STATUS.get(error.status_code, "refused")
    return HttpRefusal(error.status_code, code, str(error.detail), headers=headers)


def _is_passing(error: DatabaseFailure) -> bool:
    if isinstance(error, (OperationalError, InterfaceError)):
        return True
    return (sqlstate_of(error) or "").startswith(_PASSING_SQLSTATES)
