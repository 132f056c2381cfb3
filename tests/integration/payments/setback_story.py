"""A paid order, its refunds, and its provider's messages brought to our door when the test wants them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.orders.services.refund_order import RefundWish, refund_order
from apps.payments.domain.operations import OPEN_STATES
from apps.payments.models import PaymentOperation, ProviderMessageRecord
from apps.payments.services.handle_messages import handle_messages
from tests.conftest import make_cause
from tests.contract.payments.running import RunningSimulator
from tests.integration.shop import forget_outages, payment_of, place, work_off


class Story:
    """An order of 24.80 that is paid, and its provider."""

    def __init__(self, provider: str, token: str, simulator: RunningSimulator) -> None:
        self.provider, self.simulator = provider, simulator
        method = "paypal" if provider == "paypal" else "card"
        self.order = place(provider=provider, token=token, method_type=method)
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

    def in_books(self, what: str) -> int:
        """Give what the provider's own books say was `captured` or `refunded`."""
        found: int = self.simulator.payment(payment_of(self.order).id)[what]
        return found

    def agrees_with_provider(self) -> bool:
        """Whether as much went back as the provider's books say."""
        return payment_of(self.order).refunded_minor == self.in_books("refunded")
