"""Taking money that is held, and giving it back. Every function gives the change it makes."""

import time

from msgspec.structs import replace

from infra.simulators.paypal.books import Books, new_name
from infra.simulators.paypal.documents import CaptureAuthorization, RefundCapture, minor_of
from infra.simulators.paypal.objects import CHARGEBACK, Capture, Change, Order, Refund, Shown
from infra.simulators.paypal.refusals import Refusal, missing
from infra.simulators.paypal.wallets import WALLETS

STATE_REFUSALS = {
    "CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
    "DENIED": "AUTHORIZATION_DENIED",
    "VOIDED": "AUTHORIZATION_VOIDED",
}
REFUNDABLE = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")


def capture(order: Order, wanted: CaptureAuthorization) -> Change:
    """Take the money, or a part of it."""
    if order.authorization is None:
        raise missing()
    held = order.authorization
    if held.status in STATE_REFUSALS:
        raise Refusal(422, STATE_REFUSALS[held.status])
    minor = order.minor - order.captured
    if wanted.amount is not None:
        minor = minor_of(wanted.amount, unsupported="DECIMALS_NOT_SUPPORTED")
        if wanted.amount.currency_code != order.currency:
            raise Refusal(422, "AUTH_CAPTURE_CURRENCY_MISMATCH")
    if minor > order.minor - order.captured:
        raise Refusal(422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
    invoice_id = wanted.invoice_id or order.invoice_id
    is_captured = any(one.invoice_id == invoice_id and not one.has_failed for one in order.captures)
    if wanted.invoice_id and is_captured:
        raise Refusal(422, "DUPLICATE_INVOICE_ID")
    wallet = WALLETS[order.wallet]
    if wallet.capture_refusal:
        raise Refusal(422, wallet.capture_refusal)
    now = int(time.time())
    made = Capture(
        id=new_name(),
        status=wallet.captured_as,
        minor=minor,
        created=now,
        updated=now,
        invoice_id=invoice_id,
        is_final=wanted.final_capture,
        reason="PENDING_REVIEW" if wallet.captured_as == "PENDING" else "",
    )
    if not made.has_failed:
        is_over = made.is_final or order.captured + minor >= order.minor
        held = replace(held, status="CAPTURED" if is_over else "PARTIALLY_CAPTURED", updated=now)
    return Change(
        order=replace(order, authorization=held, captures=(*order.captures, made), updated=now),
        events=(f"PAYMENT.CAPTURE.{made.status}",),
        shown=Shown(kind="capture", name=made.id),
    )


def settle(order: Order, name: str, status: str) -> Change:
    """Decide on a capture that was pending: COMPLETED or DECLINED."""
    found = capture_named(order, name)
    if found.status != "PENDING":
        raise missing()
    return _with_capture(
        order, replace(found, status=status, reason=""), f"PAYMENT.CAPTURE.{status}"
    )


def reverse(order: Order, name: str) -> Change:
    """Have the payer's bank take back what was captured; by a dispute that is open or lost it has it already."""
    found = capture_named(order, name)
    if found.status not in REFUNDABLE:
        raise missing()
    is_disputed = any(one.capture_id == name and one.is_against_us for one in order.disputes)
    reason = found.reason if is_disputed else CHARGEBACK
    reversed_one = replace(found, status="REFUNDED", reason=reason)
    return _with_capture(order, reversed_one, "PAYMENT.CAPTURE.REVERSED")


def refund(books: Books, order: Order, name: str, wanted: RefundCapture) -> Change:
    """Give back what is left of a capture, or a part of it."""
    found = capture_named(order, name)
    if found.status == "PENDING":
        raise Refusal(422, "PENDING_CAPTURE")
    if found.status not in REFUNDABLE:
        raise Refusal(422, "REFUND_NOT_ALLOWED")
    if any(one.capture_id == name and one.is_against_us for one in order.disputes):
        raise Refusal(422, "TRANSACTION_DISPUTED")
    left = found.minor - order.refunded_of(name)
    if left <= 0 or order.is_reversed(found):
        raise Refusal(422, "CAPTURE_FULLY_REFUNDED")
    minor = left
    if wanted.amount is not None:
        minor = minor_of(wanted.amount, unsupported="DECIMALS_NOT_SUPPORTED")
        if wanted.amount.currency_code != order.currency:
            raise Refusal(422, "REFUND_CAPTURE_CURRENCY_MISMATCH")
    if minor > left:
        raise Refusal(422, "REFUND_AMOUNT_EXCEEDED")
    if books.is_invoice_refunded(wanted.invoice_id):
        raise Refusal(422, "DUPLICATE_INVOICE_ID")
    wallet = WALLETS[order.wallet]
    if wallet.refund_refusal:
        raise Refusal(422, wallet.refund_refusal)
    now = int(time.time())
    made = Refund(
        id=new_name(),
        capture_id=name,
        status=wallet.refunded_as,
        minor=minor,
        created=now,
        updated=now,
        invoice_id=wanted.invoice_id,
        custom_id=wanted.custom_id or order.custom_id,
    )
    is_pending = made.status == "PENDING"
    return Change(
        order=_counted(replace(order, refunds=(*order.refunds, made), updated=now), name),
        events=("PAYMENT.REFUND.PENDING" if is_pending else "PAYMENT.CAPTURE.REFUNDED",),
        shown=Shown(kind="refund", name=made.id),
    )


def settle_refund(order: Order, name: str, status: str) -> Change:
    """Decide on a refund: COMPLETED, or FAILED, also where it had been completed."""
    found = refund_named(order, name)
    now = int(time.time())
    undone = now if (found.status, status) == ("COMPLETED", "FAILED") else 0
    refunds = tuple(
        replace(one, status=status, updated=now, undone=undone) if one.id == name else one
        for one in order.refunds
    )
    event = "PAYMENT.REFUND.FAILED" if status == "FAILED" else "PAYMENT.CAPTURE.REFUNDED"
    return Change(
        order=_counted(replace(order, refunds=refunds, updated=now), found.capture_id),
        events=(event,),
        shown=Shown(kind="refund", name=name),
    )


def capture_named(order: Order, name: str) -> Capture:
    """Find a capture of an order."""
    for one in order.captures:
        if one.id == name:
            return one
    raise missing()


def refund_named(order: Order, name: str) -> Refund:
    """Find a refund of an order."""
    for one in order.refunds:
        if one.id == name:
            return one
    raise missing()


def _with_capture(order: Order, changed: Capture, event: str) -> Change:
    now = int(time.time())
    captures = tuple(
        replace(changed, updated=now) if one.id == changed.id else one for one in order.captures
    )
    order = replace(order, captures=captures, updated=now)
    if changed.has_failed and order.authorization is not None and not order.captured:
        order = replace(order, authorization=replace(order.authorization, status="CREATED"))
    return Change(order=order, events=(event,), shown=Shown(kind="capture", name=changed.id))


def _counted(order: Order, name: str) -> Order:
    """Have a capture say how much of it went back."""
    found = capture_named(order, name)
    back = order.refunded_of(name)
    status = "COMPLETED" if not back else "PARTIALLY_REFUNDED"
    if back >= found.minor:
        status = "REFUNDED"
    captures = tuple(
        replace(one, status=status) if one.id == name else one for one in order.captures
    )
    return replace(order, captures=captures)
