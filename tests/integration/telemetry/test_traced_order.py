"""An order is one trace: from the request through the outbox to the gateway and the letters."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.principals import ALL_SCOPES
from tests.contract.payments.simulated_stripe import SECRET, SimulatedStripe
from tests.integration.customers.people import register
from tests.integration.shop import drain_all, stock
from tests.integration.telemetry.collector import Collector, Received
from tests.integration.telemetry.telling import tell
from tests.unit.web.keys import new_private_key

HEARD_BY = {
    "drain inventory.reservations",
    "drain notifications.messages",
    "drain orders.saga",
    "drain payments.saga",
}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe() -> Iterator[SimulatedStripe]:
    """A simulated Stripe, called over real HTTP."""
    simulator = SimulatedStripe().start()
    yield simulator
    simulator.stop()


@pytest.fixture
def spans(stripe: SimulatedStripe, tmp_path: Path) -> list[Received]:
    """What is recorded of an order that goes through."""
    private_key = new_private_key()
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(public_jwks(private_key)))
    token = issue_token(
        private_key_pem=private_key,
        subject="storefront",
        scopes=ALL_SCOPES,
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
    stock({"SKU-A": {"BER": 9}})
    customer = register()
    drain_all()
    with Collector() as collector:
        told = tell(
            "traced_order.py",
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
                "OMS_GATEWAYS": "stripe",
                "STRIPE_API_BASE": stripe.api_base,
                "STRIPE_API_KEY": "sk_test_traced",
                "STRIPE_WEBHOOK_SECRET": SECRET,
                "OMS_JWKS_FILE": str(keys),
                "STORY_CUSTOMER": str(customer.id),
                "STORY_TOKEN": token,
            },
        )
    story = json.loads(told)
    assert story["status"] == "confirmed"
    assert len(story["subjects"]) == 2
    return collector.spans


def named(spans: list[Received], *beginnings: str) -> list[Received]:
    return [span for span in spans if span.name.startswith(beginnings)]


class TestTracedOrder:
    def test_is_one_trace_from_the_request_to_its_letters(self, spans: list[Received]) -> None:
        (request,) = named(spans, "POST api/v1/orders")
        drains = named(spans, "drain ")
        calls = named(spans, "stripe ")
        sent = [span for span in spans if span.name == "POST"]

        assert request.parent_id == ""
        assert {span.name for span in drains} == HEARD_BY
        assert [span.name for span in calls] == ["stripe authorize", "stripe capture"]
        # Each event names the request it came of, however many hands it went through.
        assert {span.parent_id for span in [*drains, *calls]} == {request.span_id}
        assert [span.parent_id for span in sent] == [span.span_id for span in calls]
        story = [request, *drains, *calls, *sent]
        assert {span.trace_id for span in story} == {request.trace_id}

        # And what was asked of the database has its place in it.
        trace = [span for span in spans if span.trace_id == request.trace_id]
        steps = {span.span_id: span for span in trace}
        stored = [
            steps[span.parent_id].name
            for span in trace
            if "INSERT INTO outbox_event" in span.attributes.get("db.statement", "")
        ]

        assert [span.name for span in trace if span.parent_id not in steps] == [request.name]
        assert stored[0] == request.name
        assert set(stored[1:]) <= HEARD_BY
        assert stored[1:]
