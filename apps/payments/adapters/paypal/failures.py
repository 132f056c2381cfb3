"""What a refused request to PayPal means for the call it was made for."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog

from apps.kernel.decoding import decode
from apps.payments.adapters.paypal.declines import SENTENCES
from apps.payments.adapters.paypal.objects import Link
from apps.payments.adapters.paypal.transport import Answer
from apps.payments.ports import GatewayMisused, GatewayUnavailable, LockedOut, OutcomeUnknown

log = structlog.get_logger(__name__)


class _Detail(msgspec.Struct, frozen=True):
    issue: str = ""


class _Error(msgspec.Struct, frozen=True):
    name: str = ""
    debug_id: str = ""
    details: list[_Detail] = []
    links: list[Link] = []


class NotPossible(Exception):
    """PayPal understood the request and refused it; nothing was carried out.

    `issue` is PayPal's reason, `is_decline` says that it is the customer's to hear, and
    `redirect_url` the page where the payer can choose another way to pay, if PayPal names one.
    """

    def __init__(self, text: str, *, issue: str, status: int, redirect_url: str = "") -> None:
        """Say what PayPal said, for us."""
        super().__init__(text)
        self.issue = issue
        self.status = status
        self.redirect_url = redirect_url

    @property
    def is_decline(self) -> bool:
        """Whether the customer, and not our request, is the reason."""
        return self.issue in SENTENCES

    @property
    def names_nothing_known(self) -> bool:
        """Whether PayPal does not know what the request is about."""
        return self.status == 404


def failure_of_change(answer: Answer) -> Exception:
    """Say what a failed request that would have changed something means."""
    if answer.status == 429:
        return GatewayUnavailable("paypal_rate_limit")
    said = _read(answer)
    refusal = _refusal(answer, said)
    if answer.status in (400, 404, 422) or (answer.status == 403 and refusal.is_decline):
        return refusal
    if answer.status in (401, 403):
        return _locked_out(answer, said)
    # 409: a request with the same key is under way. Any other status leaves everything open.
    return OutcomeUnknown(f"paypal_http_{answer.status}")


def failure_of_reading(answer: Answer) -> Exception:
    """Say what a failed request that only reads means."""
    said = _read(answer)
    if answer.status in (401, 403):
        return _locked_out(answer, said)
    if answer.status in (400, 404, 422):
        return _refusal(answer, said)
    return GatewayUnavailable(f"paypal_http_{answer.status}")


@contextmanager
def reading_midway() -> Iterator[None]:
    """In the middle of a call, books that do not open leave its outcome open.

    Raises:
        OutcomeUnknown: in place of `GatewayUnavailable`.
    """
    try:
        yield
    except GatewayUnavailable as error:
        raise OutcomeUnknown("paypal_books_unavailable") from error


@contextmanager
def insisting() -> Iterator[None]:
    """Take what PayPal does not know, or does not let us read, for a fault of ours.

    Raises:
        GatewayMisused: in place of `NotPossible`.
    """
    try:
        yield
    except NotPossible as refusal:
        raise GatewayMisused(str(refusal)) from refusal


def _locked_out(answer: Answer, said: _Error) -> LockedOut:
    """An account that may not do this is an outage: orders wait until somebody has set it right."""
    log.error("paypal_key_refused", error=_text(answer, said))
    return LockedOut("paypal_key_refused")


def _refusal(answer: Answer, said: _Error) -> NotPossible:
    issues = [detail.issue for detail in said.details if detail.issue]
    known = [issue for issue in issues if issue in SENTENCES]
    issue = (known or issues or [said.name])[0]
    redirects = [link.href for link in said.links if link.rel == "redirect"]
    return NotPossible(
        _text(answer, said),
        issue=issue,
        status=answer.status,
        redirect_url=redirects[0] if redirects else "",
    )


def _read(answer: Answer) -> _Error:
    try:
        return decode(answer.body or b"{}", _Error)
    except msgspec.MsgspecError:
        return _Error()


def _text(answer: Answer, said: _Error) -> str:
    """Name the reasons and the request; PayPal's sentences may quote what was sent."""
    reasons = ", ".join(detail.issue for detail in said.details if detail.issue)
    what = reasons or said.name or "refused"
    return f"{what} (HTTP {answer.status}), request {said.debug_id or 'unknown'}"
