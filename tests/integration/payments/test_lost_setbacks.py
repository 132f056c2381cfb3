"""Refunds that come back while others are under way, at each provider: real calls over HTTP, real signatures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders.models import Order
from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import PaymentOperation, ProviderMessageRecord
from apps.payments.services.handle_messages import handle_messages
from tests.conftest import make_cause
from tests.contract.payments.running import RunningSimulator
from tests.integration.shop import forget_outages, payment_of, place, work_off

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = {
    "stripe": "pm_card_refundFail",
    "paypal": "vault-refund-fails",
    "adyen": "stored_card_refund_fails_later",
}
FAILED = {"stripe": "refund.failed", "paypal": "PAYMENT.REFUND.FAILED", "adyen": "REFUND_FAILED"}


class Story:
    """An order of 24.80 that is paid, to a card or wallet that takes no money back, and its provider."""

    def __init__(self, provider: str, simulator: RunningSimulator) -> None:
        self.provider, self.simulator = provider, simulator
        self._brought = 0
        method = "paypal" if provider == "paypal" else "card"
        self.order: Order = place(provider=provider, token=TOKENS[provider], method_type=method)
        work_off()
        if provider == "adyen":
            self.hear_of("CAPTURE")
        assert payment_of(self.order).status == "captured"

    def refund(self, amount_minor: int) -> None:
        """Ask for money back, and have the call for it made."""
        refund_order(
            order_id=self.order.id,
            wish=RefundWish(amount_minor=amount_minor),
            reason="dented",
            cause=make_cause(),
            now=timezone.now(),
        )
        work_off()

    def refund_made(self, amount_minor: int, nth: int = 1) -> None:
        """Have money given back, as far as anybody knows then."""
        self.refund(amount_minor)
        if self.provider == "adyen":
            self.hear_of("REFUND", count=nth)
        assert PaymentOperation.objects.filter(kind="refund", state="succeeded").count() == nth

    def hear_of(self, event: str, *, count: int = 1) -> None:
        """Bring the newest message of a kind to our door, once there are so many, and handle it."""
        self.bring_together(event, count=count, newest=1)

    def bring_together(self, event: str, *, count: int, newest: int) -> None:
        """Bring the newest messages of a kind to our door, and handle them in one go."""
        letters = self.simulator.receiver.wait_for(event, count=count)[-newest:]
        for letter in letters:
            headers = {
                name: value
                for name, value in letter.headers.items()
                if name in ("authorization", "stripe-signature") or name.startswith("paypal-")
            }
            said = Client().post(
                f"/api/v1/webhooks/{self.provider}",
                letter.body,
                content_type="application/json",
                headers=headers,
            )
            assert said.status_code < 300, said.content
        self.go_on()

    def go_on(self) -> None:
        """Handle what waits, whenever it was due, and do what follows from it."""
        now = timezone.now()
        ProviderMessageRecord.objects.filter(handled_at=None).update(next_at=now)
        handle_messages(now=now)
        work_off()

    @contextmanager
    def left_open(self) -> Iterator[None]:
        """Ask for another refund, whose end is not known inside the block, and is after it."""
        if self.provider == "adyen":
            self.refund(300)
            yield
            self.hear_of("REFUND", count=2)
            return
        with self.simulator.faults(down=True):
            self.refund(300)
        calls = PaymentOperation.objects.filter(state__in=OPEN_STATES)
        calls.update(next_at=timezone.now() + timedelta(hours=1))
        yield
        assert calls.update(next_at=timezone.now()) == 1
        forget_outages()
        work_off()

    def refunds(self) -> list[tuple[int, str]]:
        rows = PaymentOperation.objects.filter(kind="refund").order_by("nth")
        return list(rows.values_list("amount_minor", "state"))

    def agrees_with_provider(self) -> bool:
        """Whether as much went back as the provider's books say."""
        payment = payment_of(self.order)
        refunded: int = self.simulator.payment(payment.id)["refunded"]
        return payment.refunded_minor == refunded


@pytest.fixture(params=list(TOKENS))
def story(request: pytest.FixtureRequest) -> Story:
    """A story at each provider in turn."""
    return Story(request.param, request.getfixturevalue(request.param))


class TestRefundsThatComeBack:
    def test_together_are_counted_back_both(self, story: Story) -> None:
        story.refund_made(500, 1)
        story.refund_made(300, 2)

        story.bring_together(FAILED[story.provider], count=2, newest=2)
        told = ProviderMessageRecord.objects.filter(is_setback=True)
        assert set(told.values_list("setback_of", flat=True)) == {"refund"}
        assert not story.agrees_with_provider()
        story.go_on()

        assert story.refunds() == [(500, "declined"), (300, "declined")]
        assert story.agrees_with_provider()

    def test_beside_one_that_is_open_are_counted_back_after_it(self, story: Story) -> None:
        story.refund_made(500, 1)
        story.simulator.receiver.wait_for(FAILED[story.provider])
        with story.left_open():
            story.hear_of(FAILED[story.provider])
            assert story.refunds()[0] == (500, "succeeded")
        story.go_on()

        assert story.refunds() == [(500, "declined"), (300, "succeeded")]
        story.hear_of(FAILED[story.provider], count=2)
        assert story.refunds() == [(500, "declined"), (300, "declined")]
        assert story.agrees_with_provider()
