"""A payment by Adyen, and the parts of the platform that move it, over real HTTP."""

import uuid

from django.test import Client

from apps.kernel.identifiers import CustomerId, OrderId
from apps.payments.domain.operations import OperationKind
from apps.payments.models import (
    Payment,
)
from apps.payments.services.dispatch_operations import dispatch_operations
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.operations import new_operation
from apps.payments.services.undo_payments import undo_payments
from apps.platform.database_clock import database_now
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause
from tests.contract.payments.simulated_adyen import (
    SimulatedAdyen,
    event_of,
)


class Story:
    """A payment, and the parts of the platform that move it."""

    def __init__(self, simulator: SimulatedAdyen, client: Client) -> None:
        self.simulator = simulator
        self._client = client
        self._delivered = 0

    def begin(self, token: str) -> Payment:
        """Store a payment and have it authorised."""
        now = database_now()
        payment = Payment.objects.create(
            order_id=OrderId(uuid.uuid4()),
            order_number="X",
            customer_id=CustomerId(uuid.uuid4()),
            amount_minor=12990,
            currency="EUR",
            provider="adyen",
            method_type="card",
            method_token=token,
            created_at=now,
            updated_at=now,
        )
        return self.ask(payment, OperationKind.AUTHORIZE)

    def ask(self, payment: Payment, kind: OperationKind) -> Payment:
        """Record a call for the whole amount and carry it out."""
        new_operation(
            payment, kind, amount_minor=12990, cause=make_cause(), now=database_now()
        ).save()
        return self.dispatch(payment)

    def call_off(self, payment: Payment) -> Payment:
        """Have the money given back."""
        undo_payments(causes={payment.order_id: make_cause()}, now=database_now())
        return self.dispatch(payment)

    def dispatch(self, payment: Payment) -> Payment:
        """Carry out what is due."""
        dispatch_operations(gate_name="adyen")
        return Payment.objects.get(id=payment.id)

    def hear(self, payment: Payment, event: str, *, lost: str = "") -> Payment:
        """Have the webhooks up to this one delivered, but for what was lost, and done about what they say."""
        self.simulator.receiver.wait_for(event)
        for letter in list(self.simulator.receiver.letters):
            if event_of(letter) == lost:
                continue
            answer = self._client.post(
                "/api/v1/webhooks/adyen",
                letter.body,
                content_type="application/json",
                headers={"authorization": letter.headers["authorization"]},
            )
            assert answer.status_code == 200
        handle_messages(now=database_now())
        return self.dispatch(payment)

    def come_back(self, payment: Payment, query: dict[str, str]) -> Payment:
        """Be the customer whom the bank sends back to the shop."""
        answer = self._client.get(f"/payments/{payment.id}/return", query)
        assert answer.status_code == 200
        return self.dispatch(payment)

    def books(self, payment: Payment) -> tuple[int, int, int]:
        """Give what Adyen holds, has captured and has refunded."""
        line = self.simulator.payment(payment.id)
        return line["authorized"], line["captured"], line["refunded"]


def published(event: str) -> int:
    """Count the events of a type of payments."""
    return StoredEvent.objects.filter(type=f"payments.{event}").count()
