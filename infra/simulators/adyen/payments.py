"""What can be done with a payment before any money is taken.

Its states: `waiting` for the customer, `approved` or `rejected` by them and not handed in yet,
`pending`, `authorised`, `refused`, `cancelled`, `expired`.
"""

import secrets
import time

from msgspec.structs import replace

from infra.simulators.adyen.books import Books, new_reference
from infra.simulators.adyen.cards import (
    CARDS,
    NOT_AUTHENTICATED,
    STORED,
    RefusalReason,
    wallet_of,
)
from infra.simulators.adyen.documents import DetailsWish, PaymentWish
from infra.simulators.adyen.notices import news_of
from infra.simulators.adyen.objects import Answer, Notice, Payment
from infra.simulators.adyen.refusals import Refusal, required

DECIDED = ("approved", "rejected")


class Payments:
    """Makes payments and brings them to an end."""

    def __init__(self, books: Books, *, public_url: str) -> None:
        """Work on these books; customers find their bank's page below `public_url`."""
        self._books = books
        self._public_url = public_url

    def create(self, wish: PaymentWish, news: list[Notice]) -> Answer:
        """Try to pay: it is authorised, refused, pending, or waits for the holder of the card."""
        method, token = _method(wish)
        payment = Payment(
            id=new_reference(),
            created=int(time.time()),
            merchant=wish.merchant_account,
            reference=wish.reference,
            order=wish.merchant_order_reference,
            amount=wish.amount.value,
            currency=wish.amount.currency,
            method=method,
            token=token,
            return_url=wish.return_url,
            manual_capture=wish.additional_data.get("manualCapture") == "true",
            status="waiting",
        )
        if CARDS[token].asks_holder:
            self._books.record(payment)
            return _answer(self._redirect(payment))
        return self._finish(payment, news)

    def hand_in(self, wish: DetailsWish, news: list[Notice]) -> Answer:
        """Finish a payment with what its customer brought back; again gives the same answer."""
        payment = self._books.payments.get(
            self._books.results.get(wish.details.redirect_result, "")
        )
        if payment is None:
            raise Refusal(422, "14_030", "This is no result of ours.")
        if payment.status not in DECIDED:
            return _answer(_shown(payment, self._reason(payment)))
        return self._finish(payment, news)

    def decide(self, payment: Payment, *, approves: bool) -> Payment:
        """Be the customer at the bank's page; the payment ends when the result is handed in."""
        decided = replace(
            payment,
            status="approved" if approves else "rejected",
            redirect_result=secrets.token_urlsafe(48),
        )
        self._books.record(decided)
        return decided

    def expire(self, payment: Payment) -> Notice:
        """Have the time of an authorisation run out."""
        expired = replace(payment, status="expired")
        notice = news_of(expired, "EXPIRE", psp_reference=new_reference())
        self._books.record(expired, notices=[notice])
        return notice

    def _finish(self, payment: Payment, news: list[Notice]) -> Answer:
        card = CARDS[payment.token]
        reason = self._reason(payment)
        if reason is not None:
            ended = replace(payment, status="refused")
            notice = news_of(ended, "AUTHORISATION", success=False, reason=reason.text)
        elif card.covers_half:
            ended = replace(payment, status="authorised", amount=payment.amount // 2)
            notice = news_of(ended, "AUTHORISATION", reason=_auth_code(payment))
        else:
            captured = 0 if payment.manual_capture else payment.amount
            ended = replace(payment, status="authorised", captured=captured)
            notice = news_of(ended, "AUTHORISATION", reason=_auth_code(payment))
        self._books.record(ended, notices=[notice])
        news.append(notice)
        if card.is_slow:
            return _answer(
                {
                    "pspReference": payment.id,
                    "merchantReference": payment.reference,
                    "resultCode": "Pending",
                }
            )
        shown = _shown(ended, reason)
        if card.covers_half:
            shown["resultCode"] = "PartiallyAuthorised"
        return _answer(shown)

    def _reason(self, payment: Payment) -> RefusalReason | None:
        """Give why a payment is refused: by its holder, who comes first, or by the bank."""
        is_rejected = payment.status == "rejected"
        was_rejected = payment.status == "refused" and CARDS[payment.token].asks_holder
        refusal = CARDS[payment.token].refusal
        return NOT_AUTHENTICATED if is_rejected or (was_rejected and not refusal) else refusal

    def _redirect(self, payment: Payment) -> dict[str, object]:
        return {
            "resultCode": "RedirectShopper",
            "action": {
                "type": "redirect",
                "method": "GET",
                "paymentMethodType": "scheme",
                "url": f"{self._public_url}/adyen/3ds/{payment.id}",
            },
        }


def _answer(document: dict[str, object]) -> Answer:
    return Answer(status=200, document=document)


def _shown(payment: Payment, reason: RefusalReason | None) -> dict[str, object]:
    """Write a payment that has come to an end."""
    common: dict[str, object] = {
        "pspReference": payment.id,
        "merchantReference": payment.reference,
    }
    if payment.status in ("cancelled", "expired"):
        return {**common, "resultCode": "Cancelled"}
    if reason is not None:
        return {
            **common,
            "resultCode": reason.result,
            "refusalReason": reason.text,
            "refusalReasonCode": reason.number,
        }
    card = CARDS[payment.token]
    method = {"type": payment.method}
    if payment.method == "scheme":
        method["brand"] = card.brand
    return {
        **common,
        "resultCode": "Authorised",
        "amount": {"currency": payment.currency, "value": payment.amount},
        "paymentMethod": method,
        "additionalData": {"cardSummary": card.last4, "paymentMethod": card.brand},
    }


def _method(wish: PaymentWish) -> tuple[str, str]:
    """Read the way to pay: its type, and the token."""
    method = wish.payment_method
    if method.type == "applepay":
        wallet = wallet_of(method.apple_pay_token or "")
        if wallet is None:
            raise required("applePayToken")
        return "applepay", wallet
    if method.type != "scheme":
        raise required("paymentMethod.type")
    if not wish.shopper_reference:
        raise required("shopperReference")
    if method.stored_payment_method_id not in STORED:
        raise Refusal(422, "800", "There is no such contract.")
    return "scheme", str(method.stored_payment_method_id)


def _auth_code(payment: Payment) -> str:
    return f"{payment.id[:6]}:{CARDS[payment.token].last4}:12/2034"
