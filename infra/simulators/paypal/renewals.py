"""Authorisations that take the place of others.

PayPal's files say of them: from the fourth day on, once, with a new honour period of three days; the
first one is what can be voided. They leave open what becomes of the first one otherwise, and how long
the new one is held where its honour period outlasts the 29 days. Here the first one cannot be captured
any more, and the new one is held to the later of both ends.
"""

import time

from msgspec.structs import replace

from infra.simulators.paypal.books import new_name
from infra.simulators.paypal.documents import Reauthorize, minor_of
from infra.simulators.paypal.objects import Authorization, Change, Order, Shown
from infra.simulators.paypal.refusals import Refusal, missing
from infra.simulators.paypal.wallets import WALLETS

HONOUR_SECONDS = 3 * 24 * 3600
REFUSALS = {
    "CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
    "PARTIALLY_CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
    "DENIED": "TRANSACTION_REFUSED",
    "PENDING": "TRANSACTION_REFUSED",
    "VOIDED": "AUTHORIZATION_VOIDED",
}


def renew(order: Order, wanted: Reauthorize) -> Change:
    """Hold the same amount under a new name."""
    held = order.authorization
    if held is None:
        raise missing()
    if held.status in REFUSALS:
        raise Refusal(422, REFUSALS[held.status])
    if order.earlier:
        raise Refusal(422, "REAUTHORIZATION_NOT_SUPPORTED")
    now = int(time.time())
    if now - held.created < HONOUR_SECONDS:
        raise Refusal(422, "REAUTHORIZATION_TOO_SOON")
    if wanted.amount is not None:
        if wanted.amount.currency_code != order.currency:
            raise Refusal(422, "AUTH_CURRENCY_MISMATCH")
        if minor_of(wanted.amount, unsupported="DECIMALS_NOT_SUPPORTED") != order.minor:
            raise Refusal(422, "TRANSACTION_REFUSED")
    refusal = WALLETS[order.wallet].renewal_refusal
    if refusal:
        raise Refusal(422, refusal)
    made = Authorization(
        id=new_name(),
        status="CREATED",
        created=now,
        updated=now,
        expires=max(held.expires, now + HONOUR_SECONDS),
    )
    return Change(
        order=replace(order, authorization=made, earlier=(*order.earlier, held), updated=now),
        events=("PAYMENT.AUTHORIZATION.CREATED",),
        shown=Shown(kind="authorization", name=made.id),
    )


def insist_on_newest(order: Order, name: str) -> None:
    """Refuse to capture what was renewed."""
    if order.authorization is None or order.authorization.id != name:
        raise Refusal(422, "AUTHORIZATION_VOIDED")


def insist_on_first(order: Order, name: str) -> None:
    """Refuse to void a renewal; with the first one both go."""
    if order.earlier and order.earlier[0].id != name:
        raise Refusal(422, "CANNOT_BE_VOIDED")


def aged(order: Order, days: int) -> Change:
    """Have an authorisation be so many days older."""
    held = order.authorization
    if held is None:
        raise missing()
    seconds = days * 24 * 3600
    older = replace(held, created=held.created - seconds, expires=held.expires - seconds)
    return Change(
        order=replace(order, authorization=older),
        events=(),
        shown=Shown(kind="authorization", name=held.id),
    )
