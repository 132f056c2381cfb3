"""The addresses of the simulated API, and what each of them does."""

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import TypeVar

from infra.simulators.settlements import Booking
from infra.simulators.stripe import intents, refunds
from infra.simulators.stripe.books import Books
from infra.simulators.stripe.forms import Form, allow_only, expansions, whole_number
from infra.simulators.stripe.objects import Answer, Event, Intent, Refund
from infra.simulators.stripe.refusals import Refusal, missing
from infra.simulators.stripe.rendering import API_VERSION, Json, Rendering
from infra.simulators.stripe.requests import Job, Route, route
from infra.simulators.stripe.settlements import Settlements

LIST_FIELDS = frozenset({"created", "limit", "starting_after", "expand"})
MOST_ROWS = 100
FOREVER = 2**40
SEARCH_PREFIX = "metadata['payment_id']:'"

T = TypeVar("T")
Dated = TypeVar("Dated", Intent, Refund, Event, Booking)


class StripeApi:
    """Reads and changes the books as Stripe's API does."""

    def __init__(self, books: Books, rendering: Rendering, settlements: Settlements) -> None:
        """Work on these books."""
        self._books = books
        self._rendering = rendering
        self._settlements = settlements

    def routes(self) -> list[Route]:
        """Give every address there is."""
        return [
            route("POST", "payment_intents", self.create_intent),
            route("GET", "payment_intents", None, self.list_intents),
            route("GET", "payment_intents/search", None, self.search_intents),
            route("GET", "payment_intents/{}", None, self.retrieve_intent),
            route("POST", "payment_intents/{}/confirm", self.confirm_intent),
            route("POST", "payment_intents/{}/capture", self.capture_intent),
            route("POST", "payment_intents/{}/cancel", self.cancel_intent),
            route("POST", "refunds", self.create_refund),
            route("GET", "refunds", None, self.list_refunds),
            route("GET", "refunds/{}", None, self.retrieve_refund),
            route("GET", "charges/{}", None, self.retrieve_charge),
            route("GET", "balance_transactions", None, self.list_settled),
            route("GET", "balance_transactions/{}", None, self.retrieve_settled),
            route("GET", "disputes/{}", None, self.retrieve_dispute),
            route("GET", "events", None, self.list_events),
            route("GET", "events/{}", None, self.retrieve_event),
        ]

    def create_intent(self, job: Job) -> Answer:
        """Make a payment intent."""
        allow_only(job.form, intents.CREATE_FIELDS)
        return self._applied(job, intents.create(job.form))

    def confirm_intent(self, job: Job, name: str) -> Answer:
        """Try to pay an intent."""
        allow_only(job.form, intents.CONFIRM_FIELDS)
        return self._applied(job, intents.confirm(self._intent(name), job.form))

    def capture_intent(self, job: Job, name: str) -> Answer:
        """Take what was authorised."""
        allow_only(job.form, intents.CAPTURE_FIELDS)
        return self._applied(job, intents.capture(self._intent(name), job.form))

    def cancel_intent(self, job: Job, name: str) -> Answer:
        """Drop an intent."""
        allow_only(job.form, intents.CANCEL_FIELDS)
        return self._applied(job, intents.cancel(self._intent(name), job.form))

    def create_refund(self, job: Job) -> Answer:
        """Give money back."""
        allow_only(job.form, refunds.CREATE_FIELDS)
        refund, intent = refunds.create(self._books, job.form)
        job.events += self._record(job, refund, "refund.created")
        job.events += self._record(job, intent, "charge.refunded")
        return Answer(subject=refund, expand=expansions(job.form))

    def retrieve_intent(self, form: Form, name: str) -> Json:
        """Show an intent."""
        return self._rendering.intent(self._intent(name), expansions(form))

    def list_intents(self, form: Form) -> Json:
        """Show intents, the newest first."""
        allow_only(form, LIST_FIELDS)
        after = form.get("starting_after")
        if after is not None and after not in self._books.intents:
            raise missing("payment_intent", str(after), status=400, param="starting_after")
        found = _created_within(self._books.newest_intents(after=after), form)
        rows, has_more = _page(found, form)
        expand = expansions(form)
        return self._rendering.page(
            "/v1/payment_intents",
            [self._rendering.intent(one, expand) for one in rows],
            has_more=has_more,
        )

    def search_intents(self, form: Form) -> Json:
        """Find the intents of a payment, by the one kind of question that is understood here."""
        query = str(form.get("query", ""))
        if not query.startswith(SEARCH_PREFIX) or not query.endswith("'"):
            raise Refusal(400, "The simulator finds metadata['payment_id'] only.", param="query")
        rows, has_more = _page(
            iter(self._books.intents_of(query.removeprefix(SEARCH_PREFIX)[:-1])), form
        )
        expand = expansions(form)
        return {
            "object": "search_result",
            "data": [self._rendering.intent(one, expand) for one in rows],
            "has_more": has_more,
            "next_page": None,
            "url": "/v1/payment_intents/search",
        }

    def retrieve_refund(self, form: Form, name: str) -> Json:
        """Show a refund."""
        if name not in self._books.refunds:
            raise missing("refund", name, param="id")
        return self._rendering.refund(self._books.refunds[name])

    def list_refunds(self, form: Form) -> Json:
        """Show the refunds of an intent, or all of them, the newest first."""
        allow_only(form, LIST_FIELDS | {"payment_intent", "charge"})
        name = form.get("payment_intent") or self._books.charges.get(str(form.get("charge")))
        found = (
            self._books.refunds_of(str(name))
            if name or "charge" in form
            else list(reversed(self._books.refunds.values()))
        )
        rows, has_more = _page(_behind(found, form.get("starting_after")), form)
        return self._rendering.page(
            "/v1/refunds", [self._rendering.refund(one) for one in rows], has_more=has_more
        )

    def retrieve_charge(self, form: Form, name: str) -> Json:
        """Show the newest charge of an intent."""
        intent = self._books.intents.get(self._books.charges.get(name, ""))
        if intent is None or intent.charge is None or intent.charge.id != name:
            raise missing("charge", name, param="id")
        return self._rendering.charge(intent, intent.charge, expansions(form))

    def list_settled(self, form: Form) -> Json:
        """Show what moved the balance, the newest first."""
        allow_only(form, LIST_FIELDS)
        found = _behind(self._settlements.newest(), form.get("starting_after"))
        rows, has_more = _page(_created_within(found, form), form)
        expand = expansions(form)
        return self._rendering.page(
            "/v1/balance_transactions",
            [self._settlements.render(one, expand) for one in rows],
            has_more=has_more,
        )

    def retrieve_settled(self, form: Form, name: str) -> Json:
        """Show one movement of the balance."""
        for one in self._settlements.newest():
            if one.id == name:
                return self._settlements.render(one, ())
        raise missing("balance_transaction", name, param="id")

    def retrieve_dispute(self, form: Form, name: str) -> Json:
        """Show a dispute."""
        if name not in self._books.disputes:
            raise missing("dispute", name, param="dispute")
        return self._rendering.dispute(self._books.disputes[name])

    def list_events(self, form: Form) -> Json:
        """Show what happened, the newest first."""
        allow_only(form, LIST_FIELDS | {"type", "types"})
        wanted = form.get("types") or ([form["type"]] if "type" in form else None)
        found = [
            event
            for event in _created_within(reversed(self._books.events), form)
            if wanted is None or event.type in wanted
        ]
        rows, has_more = _page(_behind(found, form.get("starting_after")), form)
        return self._rendering.page(
            "/v1/events", [self.event(one) for one in rows], has_more=has_more
        )

    def retrieve_event(self, form: Form, name: str) -> Json:
        """Show one event."""
        for event in self._books.events:
            if event.id == name:
                return self.event(event)
        raise missing("event", name, param="id")

    def event(self, event: Event) -> Json:
        """Write an event, with its object as it was then."""
        subject = event.subject
        if event.type.startswith("charge.") and isinstance(subject, Intent) and subject.charge:
            about = self._rendering.charge(subject, subject.charge)
        else:
            about = self._rendering.subject(subject)
        return {
            "id": event.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": event.created,
            "data": {"object": about},
            "livemode": False,
            "pending_webhooks": 1 if event.id in self._books.undelivered else 0,
            "request": {"id": event.request_id, "idempotency_key": event.key},
            "type": event.type,
        }

    def _applied(self, job: Job, change: intents.Change) -> Answer:
        """Put a change into the books, and answer with the intent, or with why it was declined."""
        intent, types = change
        job.events += self._record(job, intent, *types)
        if intent.failure is not None and "payment_intent.payment_failed" in types:
            return Answer(status=402, subject=intent, failure=intent.failure)
        return Answer(subject=intent, expand=expansions(job.form))

    def _record(self, job: Job, subject: Intent | Refund, *types: str) -> list[Event]:
        return self._books.record(subject, *types, request_id=job.id, key=job.key)

    def _intent(self, name: str) -> Intent:
        if name not in self._books.intents:
            raise missing("payment_intent", name)
        return self._books.intents[name]


def _page(rows: Iterator[T], form: Form) -> tuple[list[T], bool]:
    """Take as many rows as are asked for, and say whether there are more."""
    limit = whole_number(form, "limit", 10)
    if not 1 <= limit <= MOST_ROWS:
        raise Refusal(400, f"limit must be from 1 to {MOST_ROWS}.", param="limit")
    found = list(islice(rows, limit + 1))
    return found[:limit], len(found) > limit


def _behind(rows: Iterable[Dated], name: str | None) -> Iterator[Dated]:
    """Skip the rows up to the named one."""
    found = iter(rows)
    if name is not None:
        for row in found:
            if row.id == name:
                break
    return found


def _created_within(rows: Iterable[Dated], form: Form) -> Iterator[Dated]:
    """Keep the rows that were made in the wanted time; they come newest first."""
    wanted = form.get("created", {})
    if not isinstance(wanted, dict):
        wanted = {"gte": wanted, "lte": wanted}
    above = max(whole_number(wanted, "gte", 0), whole_number(wanted, "gt", -1) + 1)
    below = min(whole_number(wanted, "lte", FOREVER), whole_number(wanted, "lt", FOREVER + 1) - 1)
    recent = takewhile(lambda row: row.created >= above, rows)
    return (row for row in recent if row.created <= below)
