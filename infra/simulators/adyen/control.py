"""What tests and drills ask of the simulator itself: its books, its faults, its clock."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from infra.simulators.adyen import disputes
from infra.simulators.adyen.books import Books
from infra.simulators.adyen.documents import Amount, AmountWish
from infra.simulators.adyen.modifications import Modifications
from infra.simulators.adyen.objects import LOST, OPEN, Notice, Payment, report_of
from infra.simulators.adyen.payments import Payments
from infra.simulators.adyen.reports import Reports
from infra.simulators.adyen.requests import RequestDesk
from infra.simulators.controls import (
    AttemptLine,
    Controls,
    PaymentLine,
    as_json,
    query_of,
    refused,
)
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response
from infra.simulators.settlements import Falsifier


class NamedAttempt(AttemptLine, frozen=True, kw_only=True):
    """One payment as Adyen counts them."""

    psp_reference: str


class AttemptsOfPayment(PaymentLine, frozen=True, kw_only=True):
    """A payment of ours with all attempts to make it."""

    attempts: list[NamedAttempt]


class Control:
    """The addresses behind `/adyen/_`, for this machine only."""

    def __init__(
        self,
        *,
        books: Books,
        payments: Payments,
        modifications: Modifications,
        mischief: Mischief,
        desk: RequestDesk,
        reports: Reports,
        falsifier: Falsifier,
    ) -> None:
        """Control this simulator."""
        self._books = books
        self._reports = reports
        self._payments = payments
        self._modifications = modifications
        self._common = Controls(
            mischief=mischief,
            calls=desk.calls,
            list_payments=self.payments,
            forget_all=books.forget_all,
            more=falsifier,
        )

    def take(self, request: Request, name: str, news: list[Notice]) -> Response:
        """Answer a request for `/adyen/_{name}`, and add what is to be told of it to `news`."""
        if (request.method, name, request.is_local) == ("POST", "expire", True):
            return self._expire(query_of(request), news)
        if (request.method, name, request.is_local) == ("POST", "capture", True):
            return self._capture(query_of(request), news)
        if (request.method, name, request.is_local) == ("POST", "refund", True):
            return self._refund(query_of(request), news)
        if (request.method, name, request.is_local) == ("POST", "dispute", True):
            return self._dispute(query_of(request), news)
        if (request.method, name, request.is_local) == ("POST", "report", True):
            return self._announce(query_of(request), news)
        return self._common.take(request, name) or refused(404, "There is nothing of that name.")

    def payments(self, wanted: Mapping[str, str]) -> list[AttemptsOfPayment]:
        """Give what the books hold by payment; `payment_id` and `order_id` narrow it down."""
        asked = wanted.get("payment_id")
        names = self._books.references() if asked is None else [asked]
        found = [self._line(name, self._books.payments_of(name)) for name in names]
        order = wanted.get("order_id")
        return [one for one in found if one.attempts and order in (None, one.order_id)]

    def _line(self, reference: str, payments: list[Payment]) -> AttemptsOfPayment:
        attempts = [self._attempt(one) for one in payments]
        live = [one for one in attempts if one.is_live_authorization]
        held = [dispute for one in payments for dispute in self._books.disputes_of(one.id)]
        return AttemptsOfPayment(
            payment_id=reference,
            order_id=payments[0].order if payments else "",
            currency=payments[0].currency if payments else "",
            live_authorizations=len(live),
            authorized=sum(one.amount for one in live),
            captured=sum(one.captured for one in attempts),
            refunded=sum(one.refunded for one in attempts),
            disputed=sum(one.amount for one in held if one.status == OPEN),
            lost=sum(one.amount for one in held if one.status == LOST),
            disputes={one.id: one.status for one in held},
            attempts=attempts,
        )

    def _attempt(self, payment: Payment) -> NamedAttempt:
        return NamedAttempt(
            psp_reference=payment.id,
            status=payment.status,
            amount=payment.amount,
            captured=payment.captured,
            refunded=payment.refunded,
            is_live_authorization=payment.is_live,
            refunds=[
                one.id
                for one in self._books.modifications_of(payment.id)
                if one.kind == "refunds" and one.is_done
            ],
        )

    def _expire(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Have the time of an authorisation run out, as after 28 days."""
        payment = self._books.payments.get(wanted.get("psp_reference", ""))
        if payment is None or not payment.is_live:
            return refused(404, "There is no such authorisation to expire.")
        news.append(self._payments.expire(payment))
        self._books.write()
        return as_json({"status": "expired"})

    def _capture(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Have somebody charge a payment in the Customer Area, all that is held or a `value`.

        Its news carries the payment's own reference, none of the capture's.
        """
        payment = self._books.payments.get(wanted.get("psp_reference", ""))
        if payment is None or not payment.is_live:
            return refused(404, "There is no such authorisation to charge.")
        value = wanted.get("value") or str(payment.amount)
        if not value.isdecimal():
            return refused(400, "This is no value.")
        amount = Amount(currency=payment.currency, value=int(value))
        wish = AmountWish(merchant_account=payment.merchant, amount=amount)
        answer = self._modifications.capture(wish, news, payment.id)
        self._books.write()
        return as_json({"psp_reference": answer.document["pspReference"]})

    def _refund(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Have somebody refund a payment in the Customer Area, all that is left or a `value`.

        Its news carries the payment's own reference, none of the refund's.
        """
        payment = self._books.payments.get(wanted.get("psp_reference", ""))
        if payment is None or not payment.captured:
            return refused(404, "There is no such charge to refund.")
        value = wanted.get("value") or str(payment.captured - payment.refunded)
        if not value.isdecimal():
            return refused(400, "This is no value.")
        amount = Amount(currency=payment.currency, value=int(value))
        wish = AmountWish(merchant_account=payment.merchant, amount=amount)
        answer = self._modifications.refund(wish, news, payment.id)
        self._books.write()
        return as_json({"psp_reference": answer.document["pspReference"]})

    def _dispute(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Have a card holder's bank charge a payment back, or a `dispute` be decided, `won` or `lost`.

        `reason` says why the bank takes it back, `status` how it was decided.
        """
        known = self._books.disputes.get(wanted.get("dispute", ""))
        payment = self._books.payments.get(wanted.get("psp_reference", ""))
        try:
            if known is not None:
                dispute, told = disputes.decided(self._books, known, wanted.get("status", ""))
            elif payment is not None:
                reason = wanted.get("reason", "Fraud")
                dispute, told = disputes.opened(self._books, payment, reason=reason)
            else:
                return refused(404, "There is no such payment or dispute.")
        except ValueError as error:
            return refused(409, f"Not now: {error}.")
        news += told
        self._books.write()
        return as_json({"dispute": dispute.id, "status": dispute.status})

    def _announce(self, wanted: dict[str, str], news: list[Notice]) -> Response:
        """Announce the settlement detail report of a `merchant` and a `day`, today's without one."""
        merchants = [one.merchant for one in self._books.payments.values()]
        merchant = wanted.get("merchant") or next(iter(merchants), "")
        try:
            day = date.fromisoformat(wanted.get("day") or f"{datetime.now(UTC):%Y-%m-%d}")
        except ValueError:
            return refused(400, "This is no day.")
        if not merchant:
            return refused(404, "There is nobody to report to.")
        notice = self._reports.announce(merchant, report_of(day))
        news.append(notice)
        return as_json({"file": notice.psp_reference, "address": notice.reason})
