"""Disputes of whose end no message comes: a person says how they ended, as the provider would have."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.orders.models import Order, OrderRefund
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import Dispute, LedgerEntry, Payment
from apps.payments.services.decide_dispute import decide_dispute
from apps.platform.bulk import lock_many
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.disputed_shop import broken, dispute, given_back, paid
from tests.integration.shop import call_off, payment_of, settled, work_off
from tests.waiting import blocks_another_session, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

FINANCE = "agent:7"


@pytest.fixture
def order(stripe: SimulatedStripe) -> Order:
    """An order that is paid."""
    return paid()


def decide(*, is_won: bool) -> Dispute | None:
    """Say how the only dispute ended."""
    return decide_dispute(
        dispute_id=Dispute.objects.get().id,
        is_won=is_won,
        cause=make_cause(FINANCE),
        now=timezone.now(),
    )


def moved() -> list[tuple[str, str, int, str]]:
    rows = LedgerEntry.objects.filter(what__startswith="Dispute").order_by("id")
    return list(rows.values_list("from_account", "to_account", "amount_minor", "actor"))


def told_last() -> dict[str, Any]:
    """Give what the other contexts heard of the end of a dispute, but for the names of rows."""
    stored = StoredEvent.objects.filter(type="payments.payment_dispute_closed").latest("event_id")
    payload = dict(stored.payload)
    return {name: payload[name] for name in payload if name not in ("payment_id", "order_id")}


def history(payment: Payment) -> list[str]:
    return list(payment.history.order_by("position").values_list("what", flat=True))


class TestADisputeLostByHand:
    def test_ends_a_cancellation_and_moves_nothing_that_did_not_move(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        work_off()
        decided = decide(is_won=False)
        assert decided is not None
        assert (decided.state, decided.is_by_hand) == ("lost", True)
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "charged_back")
        payment = payment_of(order)
        whole = payment.captured_minor
        assert (payment.status, payment.refunded_minor) == ("captured", 0)
        assert (payment.lost_minor, payment.disputed_minor) == (whole, 0)
        assert moved()[-1] == ("disputed", "customer", whole, FINANCE)
        assert history(payment)[-1] == "Dispute lost (fraudulent), said by hand"
        assert payment.history.latest("position").actor == FINANCE
        assert given_back(order) == []
        assert broken() == []

    @pytest.mark.parametrize("is_won", [True, False])
    def test_is_told_to_others_as_the_provider_s_message_is(
        self, order: Order, *, is_won: bool
    ) -> None:
        dispute(order, id="du_0", amount=100)
        assert decide(is_won=is_won)
        by_hand = told_last()
        Dispute.objects.all().delete()
        dispute(order, id="du_0", amount=100)
        dispute(order, "won" if is_won else "lost", id="du_0", amount=100)
        assert told_last() == by_hand

    def test_leaves_refunds_that_waited_not_owed(self, order: Order) -> None:
        dispute(order)
        refund_order(
            order_id=order.id,
            wish=RefundWish(amount_minor=300),
            reason="dented",
            cause=make_cause(),
            now=timezone.now(),
        )
        work_off()
        decide(is_won=False)
        work_off()
        assert OrderRefund.objects.get().status == "not_owed"

    def test_said_again_changes_nothing(self, order: Order) -> None:
        dispute(order)
        assert decide(is_won=False)
        before = (moved(), history(payment_of(order)), told_last())
        assert decide(is_won=False) is None
        assert decide(is_won=True) is None
        assert (moved(), history(payment_of(order)), told_last()) == before

    @pytest.mark.parametrize("status", ["lost", "needs_response"])
    def test_is_no_news_when_the_provider_says_so_too(self, order: Order, status: str) -> None:
        dispute(order)
        decide(is_won=False)
        before = (moved(), history(payment_of(order)), told_last())
        dispute(order, status)
        assert (moved(), history(payment_of(order)), told_last()) == before
        assert Dispute.objects.get().is_by_hand

    def test_that_the_provider_calls_won_is_noted_and_stays_lost(
        self, stripe: SimulatedStripe, order: Order
    ) -> None:
        dispute(order)
        call_off(order)
        work_off()
        decide(is_won=False)
        work_off()
        before = (moved(), told_last())
        dispute(order, "won")
        order = settled(order)
        payment = payment_of(order)
        said = f"The provider says that dispute {Dispute.objects.get().reference} was won"
        assert history(payment)[-1] == said
        # Stripe says it by two messages, one for the decision and one for the money.
        dispute(order, "won")
        assert history(payment).count(said) == 1
        assert (moved(), told_last()) == before
        assert Dispute.objects.get().state == "lost"
        assert order.payment_status == "charged_back"
        assert stripe.payment(payment.id)["refunded"] == 0

    def test_in_another_currency_waits_for_what_is_owed(self, order: Order) -> None:
        dispute(order, currency="usd", amount=100)
        call_off(order)
        work_off()
        decide(is_won=False)
        assert settled(order).status == "cancellation_pending"
        assert payment_of(order).waits_for_dispute


class TestADisputeWonByHand:
    def test_gives_back_what_waited_for_it(self, stripe: SimulatedStripe, order: Order) -> None:
        dispute(order)
        call_off(order)
        work_off()
        assert decide(is_won=True)
        order = settled(order)
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        payment = payment_of(order)
        assert stripe.payment(payment.id)["refunded"] == payment.captured_minor
        assert broken() == []

    def test_may_be_lost_after_all_as_the_provider_says(self, order: Order) -> None:
        dispute(order)
        decide(is_won=True)
        dispute(order, "lost")
        found = Dispute.objects.get()
        assert (found.state, found.is_by_hand) == ("lost", False)
        assert [row[:2] for row in moved()][1:] == [
            ("disputed", "provider"),
            ("provider", "customer"),
        ]


class TestADisputeThatTheProviderDecided:
    def test_is_not_to_be_decided_again(self, order: Order) -> None:
        dispute(order)
        dispute(order, "won")
        assert decide(is_won=False) is None
        found = Dispute.objects.get()
        assert (found.state, found.is_by_hand) == ("won", False)

    def test_that_it_calls_won_after_it_was_lost_is_not_noted(self, order: Order) -> None:
        dispute(order, "lost")
        before = history(payment_of(order))
        dispute(order, "won")
        assert history(payment_of(order)) == before

    def test_while_a_person_decides_wins_over_them(self, order: Order) -> None:
        dispute(order)
        said: list[Dispute | None] = []

        def say() -> None:
            try:
                said.append(decide(is_won=False))
            finally:
                connection.close()

        person = threading.Thread(target=say)
        with transaction.atomic():
            lock_many(Payment, [payment_of(order).id])
            person.start()
            wait_until(blocks_another_session)
            dispute(order, "won")
        person.join()
        assert said == [None]
        assert Dispute.objects.get().state == "won"
