"""Requests to the simulated API: addresses, keys, faults and answers."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping

import msgspec

from infra.simulators.adyen.books import Books, new_reference
from infra.simulators.adyen.documents import (
    AmountWish,
    CancelWish,
    DetailsWish,
    PaymentWish,
    ReferenceCancelWish,
    read,
)
from infra.simulators.adyen.modifications import Modifications
from infra.simulators.adyen.objects import Answer, Kept, Notice
from infra.simulators.adyen.payments import Payments
from infra.simulators.adyen.refusals import Refusal, key_in_use, not_allowed, required
from infra.simulators.calls import Calls
from infra.simulators.faults import Mischief
from infra.simulators.http_server import Request, Response

LONGEST_KEY = 64
NOT_FOUND = 404

Operation = Callable[[list[Notice]], Answer]
"""Changes the books, and adds the news of it."""


class RequestDesk:
    """Takes requests and sees that each idempotency key does its work once."""

    def __init__(
        self,
        *,
        books: Books,
        payments: Payments,
        modifications: Modifications,
        mischief: Mischief,
    ) -> None:
        """Serve these."""
        self._books = books
        self._payments = payments
        self._modifications = modifications
        self._mischief = mischief
        self._under_way: set[str] = set()
        self.calls = Calls()

    async def take(self, request: Request, path: str, news: list[Notice]) -> Response:
        """Answer a request, and add what is to be told of it to `news`.

        Raises:
            CutConnection: a fault wants no answer.
        """
        with self.calls.counted():
            return await self._take(request, path, news)

    async def _take(self, request: Request, path: str, news: list[Notice]) -> Response:
        key = request.headers.get("idempotency-key", "")
        headers = {"pspReference": new_reference(), **({"Idempotency-Key": key} if key else {})}
        try:
            self._mischief.before_anything()
            if not request.headers.get("x-api-key"):
                raise not_allowed()
            operation = self._operation(request, path)
            digest = hashlib.sha256(f"{path}\n".encode() + request.body).hexdigest()
            answer = await self._once(key, digest, operation, news)
        except Refusal as refusal:
            if refusal.is_transient:
                headers["transient-error"] = "true"
            return _response(refusal.status, refusal.as_json(), headers)
        self._mischief.before_answer()
        return _response(answer.status, answer.document, headers)

    async def _once(
        self, key: str, digest: str, operation: Operation, news: list[Notice]
    ) -> Answer:
        """Carry an operation out unless its key was answered before."""
        if len(key) > LONGEST_KEY:
            raise required("Idempotency-Key, of at most 64 characters")
        kept = self._books.kept_for(key) if key else None
        if kept is not None:
            if kept.fingerprint != digest:
                raise key_in_use(is_under_way=False)
            await self._mischief.wait()
            return kept.answer
        if key in self._under_way:
            raise key_in_use(is_under_way=True)
        if key:
            self._under_way.add(key)
        try:
            await self._mischief.wait()
            self._mischief.before_work()
            answer = operation(news)
            if key:
                now = int(time.time())
                self._books.keep(Kept(key=key, fingerprint=digest, created=now, answer=answer))
            # With the work in one write: a kill in between would have the key do its work twice.
            self._books.write()
            self._mischief.after_work()
        finally:
            self._under_way.discard(key)
        return answer

    def _operation(self, request: Request, path: str) -> Operation:
        if request.method == "POST":
            for pattern, make in self._routes():
                if match := pattern.match(path):
                    return make(request.body, *match.groups())
        raise Refusal(NOT_FOUND, "000", f"There is no {request.method} {path}.", kind="internal")

    def _routes(self) -> list[tuple[re.Pattern[str], Callable[..., Operation]]]:
        payments, modifications = self._payments, self._modifications
        return [
            (_path("payments"), _doing(payments.create, PaymentWish)),
            (_path("payments/details"), _doing(payments.hand_in, DetailsWish)),
            (_path("payments/{}/captures"), _doing(modifications.capture, AmountWish)),
            (_path("payments/{}/amountUpdates"), _doing(modifications.adjust, AmountWish)),
            (_path("payments/{}/refunds"), _doing(modifications.refund, AmountWish)),
            (_path("payments/{}/cancels"), _doing(modifications.cancel, CancelWish)),
            (_path("payments/{}/reversals"), _doing(modifications.reverse, CancelWish)),
            (_path("cancels"), _doing(modifications.cancel_by_reference, ReferenceCancelWish)),
        ]


def _path(text: str) -> re.Pattern[str]:
    return re.compile("^/v72/" + text.replace("{}", "([A-Za-z0-9]+)") + "$")


def _doing(does: Callable[..., Answer], kind: type[object]) -> Callable[..., Operation]:
    """Make an operation of a method and the kind of document that it takes."""

    def make(body: bytes, *names: str) -> Operation:
        wish = read(body, kind)
        return lambda news: does(wish, news, *names)

    return make


def _response(status: int, document: object, headers: Mapping[str, str]) -> Response:
    return Response(
        status=status,
        body=msgspec.json.encode(document),
        content_type="application/json",
        headers=headers,
    )
