"""The customers of a drill: they order, repeat what got no answer, approve, and change their minds."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

import requests

from tests.resilience.approvals import DECIDED, decision_on
from tests.resilience.journal import Acknowledged, Journal
from tests.resilience.plan import ASKING_TOKENS, Approval, Wish

REQUEST_SECONDS: Final = (2.0, 10.0)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 1.0
POLL_SECONDS = 0.5
AGAIN_CODES = frozenset({"request_in_flight"})
ComeBack = Callable[[str, str], None]
"""Takes the customer of an order back to us, to the address that the provider named."""
ADDRESS = {
    "name": "Ada Example",
    "line1": "Lindenweg 1",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
    "phone": "+49301234567",
}


class GaveUp(Exception):
    """The drill is over and no answer has come."""


@dataclass(slots=True)
class Experiences:
    """What customers met with besides good answers. Safe for many threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    retries: dict[str, int] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def note_retry(self, why: str) -> None:
        """Count a try that has to be made again."""
        with self.lock:
            self.retries[why] = self.retries.get(why, 0) + 1

    def note_failure(self, answer: requests.Response) -> None:
        """Keep an answer that says we failed: no fault of ours may look like one of the platform."""
        with self.lock:
            self.unexpected.append(f"{answer.request.path_url}: {_said_by(answer)}")


class Customers:
    """Lets one customer at a time act in each thread that calls `serve`."""

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        customer_id: str,
        name: str,
        journal: Journal,
    ) -> None:
        """Prepare; nobody acts yet. `name` is that of the drill, and begins all keys."""
        self.experiences = Experiences()
        self._base_url = base_url
        self._token = token
        self._customer_id = customer_id
        self._name = name
        self._journal = journal
        self._patience_ends = float("inf")
        self._here = threading.local()

    def lose_patience_at(self, instant: float) -> None:
        """Have everybody stop trying at an instant of the monotonic clock."""
        self._patience_ends = instant

    def key_of(self, wish: Wish) -> str:
        """Give the idempotency key of an order."""
        return f"{self._name}-{wish.number}"

    def serve(self, wish: Wish, *, come_back: ComeBack | None = None) -> None:
        """Do all that one customer does; every answer goes to the journal.

        `come_back` takes the customer who has decided back to us, once unless it is given.
        """
        key = self.key_of(wish)
        try:
            order_id = self._place(wish, key, what="placed")
            if wish.repeats:
                self._place(wish, key, what="repeated")
            if wish.cancels_after is not None:
                self._wait(wish.cancels_after)
                self._cancel(key, order_id)
                return
            if wish.token in ASKING_TOKENS and wish.approval is not Approval.FORGET:
                self._decide(wish, key, order_id, come_back or self._come_back)
            if wish.wants_back is not None:
                self._ask_money_back(wish.wants_back, key, order_id)
        except GaveUp as error:
            self.experiences.unanswered.append(f"{key}: {error}")
        except _Unexpected as error:
            self.experiences.unexpected.append(f"{key}: {error}")

    def _place(self, wish: Wish, key: str, *, what: str) -> str:
        body = {
            "customer_id": self._customer_id,
            "currency": "EUR",
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in wish.items],
            "shipping": {"method": "standard", "address": ADDRESS},
            "payment": {
                "provider": wish.provider,
                "method": {
                    "type": "paypal" if wish.provider == "paypal" else "card",
                    "token": wish.token,
                },
            },
            "metadata": {"drill_key": key},
        }
        started = time.monotonic()
        answer = self._until_answered(
            lambda session: session.post(
                f"{self._base_url}/api/v1/orders",
                json=body,
                headers={"Idempotency-Key": key},
                timeout=REQUEST_SECONDS,
            ),
            accepted=(202,),
        )
        order_id = str(answer.json()["id"])
        self._note(what, key, order_id, started)
        return order_id

    def _cancel(self, key: str, order_id: str) -> None:
        started = time.monotonic()
        answer = self._until_answered(
            lambda session: session.post(
                f"{self._base_url}/api/v1/orders/{order_id}/cancel",
                json={"reason": "changed my mind"},
                headers={"Idempotency-Key": f"{key}-cancel"},
                timeout=REQUEST_SECONDS,
            ),
            accepted=(200, 202, 409),
        )
        if answer.status_code != 409:
            self._note("cancelled", key, order_id, started)

    def _ask_money_back(self, amount: str, key: str, order_id: str) -> None:
        """Ask for a part of the money, or with no amount for all, once it was charged."""
        while (order := self._order(order_id))["payment"]["status"] != "captured":
            if order["status"] == "cancelled":
                return
            self._wait(POLL_SECONDS)
        started = time.monotonic()
        self._until_answered(
            lambda session: session.post(
                f"{self._base_url}/api/v1/orders/{order_id}/refunds",
                json={"amount": amount} if amount else {},
                headers={"Idempotency-Key": f"{key}-refund"},
                timeout=REQUEST_SECONDS,
            ),
            accepted=(202,),
        )
        self._note("refunded", key, order_id, started)

    def _decide(self, wish: Wish, key: str, order_id: str, come_back: ComeBack) -> None:
        """Follow the link to the bank, when there is one, and decide there."""
        url = self._approval_url(order_id)
        if url is None:
            return
        started = time.monotonic()
        decide = decision_on(wish.provider, url, wish.approval)
        answer = self._until_answered(lambda session: decide(), accepted=DECIDED)
        if back := answer.headers.get("Location"):
            come_back(order_id, urljoin(self._base_url, back))
            if wish.approval is Approval.APPROVE:
                self._note("approved", key, order_id, started)

    def _come_back(self, order_id: str, url: str) -> None:
        # The way back is how the platform hears of it; the provider's message may take long.
        self._until_answered(
            lambda session: requests.get(url, timeout=REQUEST_SECONDS), accepted=(200,)
        )

    def _approval_url(self, order_id: str) -> str | None:
        while True:
            order = self._order(order_id)
            if order["status"] in ("confirmed", "cancelled"):
                return None
            if url := order["payment"]["action_url"]:
                return str(url)
            self._wait(POLL_SECONDS)

    def _order(self, order_id: str) -> dict[str, Any]:
        answer = self._until_answered(
            lambda session: session.get(
                f"{self._base_url}/api/v1/orders/{order_id}", timeout=REQUEST_SECONDS
            ),
            accepted=(200,),
        )
        return dict(answer.json())

    def _until_answered(
        self,
        send: Callable[[requests.Session], requests.Response],
        *,
        accepted: tuple[int, ...],
    ) -> requests.Response:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = send(self._session())
            except requests.RequestException as error:
                why = type(error).__name__
            else:
                code = _code_of(answer)
                may_come_again = (
                    answer.status_code >= 500 or answer.status_code == 429 or code in AGAIN_CODES
                )
                if answer.status_code in accepted and not may_come_again:
                    return answer
                if not may_come_again:
                    raise _Unexpected(_said_by(answer))
                if answer.status_code >= 500 and answer.status_code != 503:
                    self.experiences.note_failure(answer)
                why = f"{answer.status_code} {code}".strip()
            self.experiences.note_retry(why)
            self._wait(random.uniform(pause / 2, pause))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _wait(self, seconds: float) -> None:
        if time.monotonic() + seconds > self._patience_ends:
            raise GaveUp("no answer until the end of the drill")
        time.sleep(seconds)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._here, "session", None)
        if session is None:
            session = self._here.session = requests.Session()
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self._token}"
        return session

    def _note(self, what: str, key: str, order_id: str, started: float) -> None:
        self._journal.write(
            Acknowledged(
                what=what,
                key=key,
                order_id=order_id,
                seconds=round(time.monotonic() - started, 3),
            )
        )


class _Unexpected(Exception):
    """An answer that no fault explains."""


def _said_by(answer: requests.Response) -> str:
    return f"{answer.status_code} {answer.text[:200]}"


def _code_of(answer: requests.Response) -> str:
    if answer.status_code < 400:
        return ""
    try:
        problem: Any = answer.json()
    except ValueError:
        return ""
    return str(problem.get("code", "")) if isinstance(problem, dict) else ""
