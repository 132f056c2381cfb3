"""What can be done with an order, up to its authorisation. Every function gives the change it makes."""

import time

from msgspec.structs import replace

from infra.simulators.paypal.books import Books, new_name
from infra.simulators.paypal.documents import CreateOrder, minor_of
from infra.simulators.paypal.objects import Authorization, Change, Order, Shown
from infra.simulators.paypal.refusals import Refusal
from infra.simulators.paypal.wallets import ANY, WALLETS

VALID_SECONDS = 29 * 24 * 3600
APPROVABLE = ("CREATED", "PAYER_ACTION_REQUIRED")
EXPIRED = "EXPIRED"
"""A state of ours: PayPal does not know an expired order any more."""


def create(books: Books, wanted: CreateOrder) -> Change:
    """Make an order; with a saved wallet that asks nobody, it is authorised at once."""
    if wanted.intent != "AUTHORIZE":
        raise Refusal(422, "UNSUPPORTED_INTENT", field="/intent")
    if len(wanted.purchase_units) != 1:
        raise Refusal(400, "INVALID_ARRAY_MAX_ITEMS", field="/purchase_units")
    (unit,) = wanted.purchase_units
    source = wanted.payment_source.paypal if wanted.payment_source else None
    vault_id = source.vault_id if source else ""
    if vault_id and vault_id not in WALLETS:
        raise Refusal(422, "PAYMENT_SOURCE_CANNOT_BE_USED", field="/payment_source/paypal/vault_id")
    now = int(time.time())
    order = Order(
        id=new_name(),
        # Without a word on how the payer pays, PayPal leaves that to the page that approves.
        status="PAYER_ACTION_REQUIRED" if source else "CREATED",
        created=now,
        updated=now,
        currency=unit.amount.currency_code,
        minor=minor_of(unit.amount, unsupported="DECIMAL_PRECISION"),
        reference_id=unit.reference_id,
        custom_id=unit.custom_id,
        invoice_id=unit.invoice_id,
        wallet=vault_id or ANY,
        is_saved_wallet=bool(vault_id),
        return_url=source.experience_context.return_url if source else "",
        cancel_url=source.experience_context.cancel_url if source else "",
    )
    if not vault_id or WALLETS[vault_id].asks_payer:
        return Change(order=order, events=(), shown=_shown(order))
    return _authorized(books, order)


def approve(order: Order, wallet: str) -> Change:
    """Let the payer agree, with a wallet of theirs."""
    approved = replace(
        order,
        status="APPROVED",
        wallet=order.wallet if order.is_saved_wallet else wallet,
        updated=int(time.time()),
    )
    return Change(order=approved, events=("CHECKOUT.ORDER.APPROVED",), shown=_shown(approved))


def authorize(books: Books, order: Order, page: str) -> Change:
    """Hold the money of an approved order; `page` is where the payer can choose another wallet."""
    if order.authorization is not None:
        raise Refusal(422, "ORDER_ALREADY_AUTHORIZED")
    if order.status in APPROVABLE:
        raise Refusal(422, "ORDER_NOT_APPROVED")
    refusal = WALLETS[order.wallet].authorize_refusal
    if refusal:
        is_changeable = refusal == "INSTRUMENT_DECLINED" and not order.is_saved_wallet
        raise Refusal(422, refusal, redirect_url=page if is_changeable else "")
    return _authorized(books, order)


def settle(order: Order, status: str) -> Change:
    """Decide on an authorisation that was under review: CREATED or DENIED."""
    authorization = _authorization(order)
    if authorization.status != "PENDING":
        raise Refusal(422, "ORDER_COMPLETED_OR_VOIDED")
    event = "CREATED" if status == "CREATED" else "DENIED"
    return _with_authorization(order, status, f"PAYMENT.AUTHORIZATION.{event}")


def void(order: Order) -> Change:
    """Release what is held."""
    authorization = _authorization(order)
    if authorization.status in ("CAPTURED", "PARTIALLY_CAPTURED"):
        raise Refusal(422, "PREVIOUSLY_CAPTURED")
    if authorization.status in ("VOIDED", "DENIED"):
        raise Refusal(422, "PREVIOUSLY_VOIDED")
    return _with_authorization(order, "VOIDED", "PAYMENT.AUTHORIZATION.VOIDED")


def run_out(order: Order) -> Change:
    """Have the time of an authorisation be over: PayPal voids it."""
    over = replace(_authorization(order), expires=int(time.time()))
    return void(replace(order, authorization=over))


def expire(order: Order) -> Change:
    """Have the time of an order run out that nobody has approved or authorised."""
    expired = replace(order, status=EXPIRED, updated=int(time.time()))
    return Change(order=expired, events=(), shown=_shown(expired))


def _authorized(books: Books, order: Order) -> Change:
    wallet = WALLETS[order.wallet]
    if wallet.authorize_refusal:
        raise Refusal(422, wallet.authorize_refusal)
    if books.is_invoice_paid(order.invoice_id, by=order.id):
        raise Refusal(422, "DUPLICATE_INVOICE_ID")
    now = int(time.time())
    held = replace(
        order,
        status="COMPLETED",
        updated=now,
        authorization=Authorization(
            id=new_name(),
            status=wallet.authorized_as,
            created=now,
            updated=now,
            expires=now + VALID_SECONDS,
        ),
    )
    return Change(
        order=held,
        events=("PAYMENT.AUTHORIZATION.CREATED",) if wallet.authorized_as != "DENIED" else (),
        shown=_shown(held),
    )


def _with_authorization(order: Order, status: str, event: str) -> Change:
    now = int(time.time())
    authorization = replace(_authorization(order), status=status, updated=now)
    earlier = tuple(replace(one, status=status, updated=now) for one in order.earlier)
    return Change(
        order=replace(order, authorization=authorization, earlier=earlier, updated=now),
        events=(event,),
        shown=Shown(kind="authorization", name=authorization.id),
    )


def _authorization(order: Order) -> Authorization:
    if order.authorization is None:
        raise ValueError("the order is not authorised")
    return order.authorization


def _shown(order: Order) -> Shown:
    return Shown(kind="order", name=order.id)
