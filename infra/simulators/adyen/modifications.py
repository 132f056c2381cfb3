"""Captures, cancels, refunds and adjustments: taken at once, decided at once, and told by webhook only."""

import time

from msgspec.structs import replace

from infra.simulators.adyen import disputes
from infra.simulators.adyen.books import Books, new_reference
from infra.simulators.adyen.cards import CARDS
from infra.simulators.adyen.documents import AmountWish, CancelWish, ReferenceCancelWish
from infra.simulators.adyen.notices import news_of_change
from infra.simulators.adyen.objects import Answer, Modification, Notice, Payment
from infra.simulators.adyen.refusals import required, unknown_payment

OPEN = ("waiting", "approved", "rejected", "pending", "authorised")
EVENTS = {
    "amountUpdates": "AUTHORISATION_ADJUSTMENT",
    "captures": "CAPTURE",
    "cancels": "CANCELLATION",
    "refunds": "REFUND",
    "reversals": "CANCEL_OR_REFUND",
    "technical": "TECHNICAL_CANCEL",
}
LATER = {
    ("captures", "failed"): "CAPTURE_FAILED",
    ("refunds", "failed"): "REFUND_FAILED",
    ("refunds", "reversed"): "REFUNDED_REVERSED",
}
"""What becomes of a success a little later, by its kind and the card's behaviour."""
TOO_MUCH = "More than is left of the payment"
CHARGED_BACK = "The payment was charged back"


class Modifications:
    """Changes payments, and tells of it in `news`."""

    def __init__(self, books: Books) -> None:
        """Work on these books."""
        self._books = books

    def capture(self, wish: AmountWish, news: list[Notice], name: str) -> Answer:
        """Take what was authorised, or a part of it."""
        payment = self._payment(name)
        modification = _modification(payment, "captures", wish.reference, _amount(payment, wish))
        reason = _why_not_captured(payment, modification.amount)
        if not reason:
            payment = replace(payment, captured=modification.amount)
        self._record(payment, replace(modification, reason=reason), news)
        return _taken(wish.merchant_account, modification, payment)

    def adjust(self, wish: AmountWish, news: list[Notice], name: str) -> Answer:
        """Authorise an amount anew, the same or another one; the payment keeps its name."""
        payment = self._payment(name)
        modification = _modification(
            payment, "amountUpdates", wish.reference, _amount(payment, wish)
        )
        reason = _why_not_adjusted(payment)
        if not reason:
            payment = replace(payment, amount=modification.amount)
        self._record(payment, replace(modification, reason=reason), news)
        return _taken(wish.merchant_account, modification, payment)

    def refund(self, wish: AmountWish, news: list[Notice], name: str) -> Answer:
        """Give back what was captured, or a part of it."""
        payment = self._payment(name)
        modification = _modification(payment, "refunds", wish.reference, _amount(payment, wish))
        reason = self._why_not_refunded(payment, modification.amount)
        if not reason:
            payment = replace(payment, refunded=payment.refunded + modification.amount)
        self._record(payment, replace(modification, reason=reason), news)
        return _taken(wish.merchant_account, modification, payment)

    def cancel(self, wish: CancelWish, news: list[Notice], name: str) -> Answer:
        """Drop an authorisation of which nothing was captured."""
        payment = self._payment(name)
        modification = _modification(payment, "cancels", wish.reference)
        self._cancel(payment, modification, news)
        return _taken(wish.merchant_account, modification, payment)

    def reverse(self, wish: CancelWish, news: list[Notice], name: str) -> Answer:
        """Cancel, or refund all that is left of what was captured."""
        payment = self._payment(name)
        modification = _modification(payment, "reversals", wish.reference)
        if payment.captured:
            left = payment.captured - payment.refunded
            reason = self._why_not_refunded(payment, left) if left else TOO_MUCH
            modification = replace(modification, amount=left, reason=reason)
            if not reason:
                payment = replace(payment, refunded=payment.captured)
            self._record(payment, modification, news, action="refund")
        else:
            self._cancel(payment, modification, news, action="cancel")
        return _taken(wish.merchant_account, modification, payment)

    def cancel_by_reference(self, wish: ReferenceCancelWish, news: list[Notice]) -> Answer:
        """Drop the payment with this reference of the merchant's, whatever its customer is at."""
        found = self._books.payments_of(wish.payment_reference)
        modification = Modification(
            id=new_reference(),
            created=int(time.time()),
            kind="technical",
            payment=found[-1].id if found else "",
            reference=wish.reference or wish.payment_reference,
        )
        if found:
            self._cancel(found[-1], modification, news)
        else:
            self._nothing_found(wish, replace(modification, reason="Payment not found"), news)
        document: dict[str, object] = {
            "merchantAccount": wish.merchant_account,
            "paymentReference": wish.payment_reference,
            "pspReference": modification.id,
            "reference": modification.reference,
            "status": "received",
        }
        return Answer(status=201, document=document)

    def turn(self, notice: Notice) -> Notice | None:
        """Have what a notice told not last, if the card is one of that kind; gives the news of it."""
        modification = self._books.modifications.get(notice.psp_reference)
        event = self.fate_of(notice)
        if modification is None or event is None:
            return None
        payment = self._books.payments[modification.payment]
        if modification.kind == "captures":
            payment = replace(payment, captured=0)
        else:
            payment = replace(payment, refunded=payment.refunded - modification.amount)
        undone = replace(
            modification, reason="Rejected by the card scheme", undone=int(time.time())
        )
        later = news_of_change(payment, undone, event, success=True)
        self._books.record(payment, undone, notices=[later])
        return later

    def fate_of(self, notice: Notice) -> str | None:
        """Give the event that will undo what a notice tells; None if it will last."""
        modification = self._books.modifications.get(notice.psp_reference)
        if modification is None or not modification.is_done or not modification.payment:
            return None
        card = CARDS[self._books.payments[modification.payment].token]
        fate = card.capture if modification.kind == "captures" else card.refund
        return LATER.get((modification.kind, fate))

    def _cancel(
        self, payment: Payment, modification: Modification, news: list[Notice], *, action: str = ""
    ) -> None:
        reason = _why_not_cancelled(payment)
        if not reason:
            payment = replace(payment, status="cancelled")
        self._record(payment, replace(modification, reason=reason), news, action=action)

    def _record(
        self, payment: Payment, modification: Modification, news: list[Notice], *, action: str = ""
    ) -> None:
        more = {"modification.action": action} if action else {}
        notice = news_of_change(payment, modification, EVENTS[modification.kind], more=more)
        self._books.record(payment, modification, notices=[notice])
        news.append(notice)

    def _nothing_found(
        self, wish: ReferenceCancelWish, modification: Modification, news: list[Notice]
    ) -> None:
        notice = Notice(
            id=new_reference(),
            created=modification.created,
            event=EVENTS[modification.kind],
            success=False,
            psp_reference=modification.id,
            merchant=wish.merchant_account,
            reference=modification.reference,
            value=0,
            currency="EUR",
            method="",
            reason=modification.reason,
        )
        self._books.record(modification, notices=[notice])
        news.append(notice)

    def _why_not_refunded(self, payment: Payment, amount: int) -> str:
        if disputes.stands_against(self._books, payment.id):
            return CHARGED_BACK
        if not 0 < amount <= payment.captured - payment.refunded:
            return TOO_MUCH
        return "Refused by the acquirer" if CARDS[payment.token].refund == "refused" else ""

    def _payment(self, name: str) -> Payment:
        """Find a payment that has come as far as having a name that clients know."""
        payment = self._books.payments.get(name)
        if payment is None or payment.status in ("waiting", "approved", "rejected"):
            raise unknown_payment()
        return payment


def _why_not_captured(payment: Payment, amount: int) -> str:
    if payment.status != "authorised":
        return f"The payment is {payment.status}"
    if payment.captured or not 0 < amount <= payment.amount:
        return TOO_MUCH
    return "Refused by the acquirer" if CARDS[payment.token].capture == "refused" else ""


def _why_not_adjusted(payment: Payment) -> str:
    if not payment.is_live:
        return f"The payment is {'captured' if payment.captured else payment.status}"
    return "Refused by the issuer" if CARDS[payment.token].adjustment == "refused" else ""


def _why_not_cancelled(payment: Payment) -> str:
    if payment.captured:
        return "The payment was captured"
    return "" if payment.status in OPEN else f"The payment is {payment.status}"


def _amount(payment: Payment, wish: AmountWish) -> int:
    if wish.amount.currency != payment.currency:
        raise required("amount.currency")
    return wish.amount.value


def _modification(
    payment: Payment, kind: str, reference: str | None, amount: int = 0
) -> Modification:
    return Modification(
        id=new_reference(),
        created=int(time.time()),
        kind=kind,
        payment=payment.id,
        reference=reference or payment.reference,
        amount=amount,
    )


def _taken(merchant: str, modification: Modification, payment: Payment) -> Answer:
    document: dict[str, object] = {
        "merchantAccount": merchant,
        "paymentPspReference": payment.id,
        "pspReference": modification.id,
        "reference": modification.reference,
        "status": "received",
    }
    if modification.kind in ("amountUpdates", "captures", "refunds"):
        document["amount"] = {"currency": payment.currency, "value": modification.amount}
    return Answer(status=201, document=document)
