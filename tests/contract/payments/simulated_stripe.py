"""The simulated Stripe inside the test process."""

import json
import urllib.request
from pathlib import Path

from infra.simulators.site import Site
from infra.simulators.stripe.webhooks import Endpoint
from tests.contract.payments.running import RunningSimulator
from tests.contract.payments.stripe_contract import answer_violations, request_violations

SECRET = "whsec_of_the_tests"


class SimulatedStripe(RunningSimulator):
    """A running Stripe. What it hears and says is checked where the contracts are at hand."""

    def __init__(self, *, types: tuple[str, ...] = ("*",), journal: Path | None = None) -> None:
        super().__init__(
            place="/stripe",
            apis=("/v1",),
            kind_of=lambda letter: str(letter.event["type"]),
            open_site=lambda address, hooks: Site(
                public_url=address,
                mailbox=Path("/nowhere"),
                journal=journal,
                endpoint=Endpoint(url=hooks, secret=SECRET, types=types),
            ),
            checks=(request_violations, answer_violations),
        )

    @property
    def api_base(self) -> str:
        """The address for clients of the API."""
        return self.base

    def decide(self, intent_id: str, decision: str) -> None:
        """Be the holder of the card: `approve` or `fail`."""
        self.ask(f"/3ds/{intent_id}/{decision}", "POST")

    def refund_by_hand(self, intent_id: str) -> str:
        """Refund all of a payment as somebody at Stripe's own desk would; returns its name."""
        return self.by_hand("/v1/refunds", f"payment_intent={intent_id}")

    def by_hand(self, path: str, form: str = "") -> str:
        """Change something as somebody at Stripe's own desk would; returns the name of what changed."""
        request = urllib.request.Request(
            f"{self.api_base}{path}",
            data=form.encode(),
            headers={
                "Authorization": "Bearer sk_test_by_hand",
                "Idempotency-Key": f"{path} {form}",
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return str(json.load(response)["id"])
