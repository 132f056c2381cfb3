"""Customers' banks that dispute charges while a drill goes on, and have decided when it ends."""

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
import requests

from tests.resilience.books import Row, attempts_in, read_books
from tests.resilience.payments_plan import PlannedDispute
from tests.resilience.quiet import Counts, what_is_open

LOOK_EVERY_SECONDS = 0.25
ASK_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class _Dispute:
    """A dispute that was opened, and is to be decided at an instant of the monotonic clock."""

    provider: str
    name: str
    is_won: bool
    decides_at: float
    is_decided: bool = False

    @property
    def outcome(self) -> str:
        """How it ends, for the shop."""
        return "won" if self.is_won else "lost"


class Banks:
    """Opens and decides the disputes of a plan at the simulated providers, in a thread of its own."""

    def __init__(
        self,
        simulators_url: str,
        planned: Sequence[PlannedDispute],
        *,
        seed: int,
        may_dispute: Callable[[str], bool],
    ) -> None:
        """Prepare; nothing is disputed yet. `may_dispute` says so of an order, by its id."""
        self._simulators_url = simulators_url
        self._wanted = sorted(planned, key=lambda one: one.at)
        self._may_dispute = may_dispute
        self._chance = random.Random(f"disputed charges {seed}")
        self._opened: list[_Dispute] = []
        self._payments: set[str] = set()
        self._started = 0.0
        self._hurries, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="banks", daemon=True)

    def start(self) -> None:
        """Begin; the times of the plan count from now."""
        self._started = time.monotonic()
        self._thread.start()

    def hurry(self) -> None:
        """From now on dispute whatever was charged, and decide at once."""
        self._hurries.set()

    def stop(self) -> None:
        """Dispute and decide nothing more."""
        self._stopped.set()
        self._thread.join()

    def outcomes(self) -> dict[str, int]:
        """Count the disputes by how they ended."""
        return dict(sorted(Counter(one.outcome for one in self._opened if one.is_decided).items()))

    def what_is_open(self, database_url: str) -> Counts | None:
        """Count what has not come to its end, disputes too: those to be opened, decided, and heard of.

        What is to be opened and finds no charge any more is given up.
        """
        counts = what_is_open(database_url)
        if counts is None or counts:
            return counts
        try:
            disputes = self._count_coming() + self._count_unheard(database_url)
        except (psycopg.Error, requests.RequestException):
            return None
        return {"disputes": disputes} if disputes else {}

    def _count_coming(self) -> int:
        wanted = {one.provider for one in tuple(self._wanted)}
        undecided = sum(not one.is_decided for one in tuple(self._opened))
        return undecided + sum(bool(self._list_charges(provider)) for provider in wanted)

    def _count_unheard(self, database_url: str) -> int:
        decided = {
            (one.provider, one.name, one.outcome) for one in tuple(self._opened) if one.is_decided
        }
        with psycopg.connect(database_url, connect_timeout=2) as connection:
            known = connection.execute("SELECT provider, reference, state FROM payments_dispute")
            return len(decided - set(known.fetchall()))

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_EVERY_SECONDS):
            with contextlib.suppress(requests.RequestException):
                self._act(hurries=self._hurries.is_set())

    def _act(self, *, hurries: bool) -> None:
        now = time.monotonic()
        due = [one for one in self._wanted if hurries or self._started + one.at <= now]
        for wanted in due:
            if self._open(wanted, now):
                self._wanted.remove(wanted)
        for one in self._opened:
            if not one.is_decided and (hurries or one.decides_at <= now):
                self._decide(one)

    def _open(self, wanted: PlannedDispute, now: float) -> bool:
        """Dispute a charge that nobody has disputed; False where there is none yet.

        One that was opened though its answer was lost is taken for the one that is wanted.
        """
        found = self._find_unknown(wanted.provider)
        if found is None:
            charges = self._list_charges(wanted.provider)
            if not charges:
                return False
            payment_id = self._chance.choice(sorted(charges))
            found = payment_id, self._ask(wanted.provider, **charges[payment_id])["dispute"]
        payment_id, name = found
        self._payments.add(payment_id)
        self._opened.append(
            _Dispute(
                provider=wanted.provider,
                name=name,
                is_won=wanted.is_won,
                decides_at=now + wanted.lasts,
            )
        )
        return True

    def _decide(self, one: _Dispute) -> None:
        """Decide a dispute, unless that was done already and only its answer was lost."""
        lines = read_books(self._simulators_url, one.provider).values()
        if any(line["disputes"].get(one.name) == "open" for line in lines):
            self._ask(one.provider, dispute=one.name, status=one.outcome)
        one.is_decided = True

    def _find_unknown(self, provider: str) -> tuple[str, str] | None:
        """Find a dispute in the books that nobody has told us of, with its payment first."""
        known = {one.name for one in self._opened if one.provider == provider}
        for payment_id, line in read_books(self._simulators_url, provider).items():
            for name in sorted(line["disputes"].keys() - known):
                return payment_id, name
        return None

    def _list_charges(self, provider: str) -> dict[str, dict[str, str]]:
        """Give the charges that may be disputed, as the simulator wants them named, by payment."""
        return {
            payment_id: charge
            for payment_id, line in read_books(self._simulators_url, provider).items()
            if payment_id not in self._payments
            and self._may_dispute(line["order_id"])
            and (charge := _charge_in(provider, line))
        }

    def _ask(self, provider: str, **query: str) -> Row:
        answer = requests.post(
            f"{self._simulators_url}/{provider}/_dispute", params=query, timeout=ASK_SECONDS
        )
        answer.raise_for_status()
        return dict(answer.json())


def _charge_in(provider: str, line: Row) -> dict[str, str]:
    """Name the charge of a payment as its provider's simulator wants it; nothing where there is none."""
    charged = [one for one in attempts_in(line) if one["captured"]]
    if not charged:
        return {}
    [first, *_] = charged
    match provider:
        case "paypal":
            return {"capture": first["captures"][0]}
        case "adyen":
            return {"psp_reference": first["psp_reference"]}
        case _:
            return {"payment_intent": first["id"]}
