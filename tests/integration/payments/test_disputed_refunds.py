"""Refunds of orders that go on while their charge is disputed: paid, waiting, or not owed any more."""

import pytest
from django.utils import timezone

from apps.kernel.identifiers import PaymentId
from apps.orders.domain.refusals import InvalidRefund, NothingToRefund
from apps.orders.models import Order, OrderRefund
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.models import PaymentOperation
from apps.payments.ports import Declined
from apps.payments.services.review_setbacks import Setback, review_setbacks
from apps.payments.services.settle_refund import settle_refund
from tests.conftest import make_cause
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.payments.disputed_shop import broken, dispute, given_back, paid
from tests.integration.payments.story import hear
from tests.integration.shop import call_off, drain_all, payment_of, settled, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stripe: SimulatedStripe) -> Order:
    """An order that is paid."""
    return paid()


def refund(order: Order, amount: int | None = None) -> OrderRefund:
    return refund_order(
        order_id=order.id,
        wish=RefundWish(amount_minor=amount),
        reason="dented",
        cause=make_cause(),
        now=timezone.now(),
    )


def states(order: Order) -> list[tuple[int, str, int]]:
    """Give amount, status and what is not owed of each refund."""
    rows = OrderRefund.objects.filter(order_id=order.id).order_by("nth")
    return list(rows.values_list("amount_minor", "status", "not_owed_minor"))


def told(order: Order) -> list[str]:
    """Give what the order's history says of refunds that are not owed."""
    return [one.what for one in order.history.order_by("position") if "not owed" in one.what]


class TestARefund:
    def test_waits_for_the_dispute_and_is_made_once_that_is_won(self, order: Order) -> None:
        dispute(order)
        refund(order, 300)
        work_off()
        assert states(order) == [(300, "requested", 0)]
        dispute(order, "won")
        work_off()
        assert states(order) == [(300, "done", 0)]
        assert given_back(order) == [300]
        assert told(order) == []

    def test_is_not_owed_any_more_once_the_dispute_is_lost(self, order: Order) -> None:
        dispute(order)
        refund(order, 300)
        work_off()
        dispute(order, "lost")
        work_off()
        assert states(order) == [(300, "not_owed", 300)]
        assert given_back(order) == []
        what = "3.00 EUR of the refunds are not owed any more: the customer's bank took them back"
        assert told(order) == [what]
        assert broken() == []

    def test_is_owed_in_part_where_the_dispute_was_of_a_part(self, order: Order) -> None:
        rest = payment_of(order).captured_minor - 500
        dispute(order, amount=500)
        refund(order, rest - 100)
        refund(order, 250)
        refund(order)
        work_off()
        assert given_back(order) == [rest - 100, 100]
        before = [(rest - 100, "done", 0), (250, "requested", 0), (350, "requested", 0)]
        assert states(order) == before
        dispute(order, "lost", amount=500)
        work_off()
        assert states(order) == [
            (rest - 100, "done", 0),
            (250, "not_owed", 150),
            (350, "not_owed", 350),
        ]
        (what,) = told(order)
        assert what.startswith("5.00 EUR of the refunds")
        assert given_back(order) == [rest - 100, 100]
        assert broken() == []

    def test_stays_open_for_the_part_that_is_still_owed(self, order: Order) -> None:
        rest = payment_of(order).captured_minor - 500
        dispute(order, amount=500)
        refund(order)
        drain_all()
        dispute(order, "lost", amount=500)
        drain_all()
        assert given_back(order) == []
        assert states(order) == [(rest + 500, "requested", 500)]
        work_off()
        assert given_back(order) == [rest]
        assert states(order) == [(rest + 500, "not_owed", 500)]
        assert len(told(order)) == 1
        assert settled(order).payment_status == "charged_back"

    def test_that_was_made_before_its_dispute_is_lost_stays_done(self, order: Order) -> None:
        refund(order, 300)
        work_off()
        dispute(order, "lost")
        work_off()
        assert states(order) == [(300, "done", 0)]
        assert told(order) == []

    def test_is_not_owed_again_by_news_that_come_after_the_loss(self, order: Order) -> None:
        dispute(order)
        refund(order, 300)
        work_off()
        for status in ("lost", "won", "lost"):
            dispute(order, status)
            work_off()
        assert states(order) == [(300, "not_owed", 300)]
        assert given_back(order) == []
        assert len(told(order)) == 1

    def test_asked_for_as_the_dispute_is_lost_is_not_owed(self, order: Order) -> None:
        dispute(order, "lost")
        refund(order, 300)
        work_off()
        assert states(order) == [(300, "not_owed", 300)]
        assert given_back(order) == []

    def test_is_refused_beyond_what_a_lost_dispute_has_left(self, order: Order) -> None:
        dispute(order, "lost", amount=500)
        work_off()
        rest = payment_of(order).captured_minor - 500
        with pytest.raises(InvalidRefund):
            refund(order, rest + 1)
        assert refund(order).amount_minor == rest
        work_off()
        assert states(order) == [(rest, "done", 0)]
        with pytest.raises(NothingToRefund):
            refund(order, 1)

    def test_that_did_not_last_is_owed_again_and_what_was_lost_is_not(self, order: Order) -> None:
        rest = payment_of(order).captured_minor - 500
        dispute(order, amount=500)
        refund(order)
        work_off()
        dispute(order, "lost", amount=500)
        work_off()
        assert states(order) == [(rest + 500, "not_owed", 500)]
        made = PaymentOperation.objects.get(kind="refund")
        now = timezone.now()
        review_setbacks(about={PaymentId(made.payment_id): {Setback(name=made.reference)}}, now=now)
        made.refresh_from_db()
        hear(made, Declined(code="failed", detail="The account is closed."), now, made.token)
        drain_all()
        assert states(order) == [(rest + 500, "failing", 500)]
        assert payment_of(order).owed_back_minor == rest

    def test_of_an_order_that_is_called_off_is_not_owed_either(self, order: Order) -> None:
        dispute(order)
        refund(order, 300)
        work_off()
        call_off(order)
        work_off()
        dispute(order, "lost")
        assert settled(order).status == "cancelled"
        assert states(order) == [(300, "not_owed", 300)]

    def test_of_a_dispute_lost_in_another_currency_waits_for_a_person(self, order: Order) -> None:
        dispute(order, currency="usd", amount=100)
        refund(order, 300)
        work_off()
        dispute(order, "lost", currency="usd", amount=100)
        work_off()
        assert states(order) == [(300, "requested", 0)]
        now = timezone.now()
        assert settle_refund(payment_id=payment_of(order).id, cause=make_cause(), now=now)
        work_off()
        assert states(order) == [(300, "done", 0)]
