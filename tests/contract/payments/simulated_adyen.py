"""The simulated Adyen inside the test process, and the news of it as the platform would keep them."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.ports import Accepted, GatewayCall, Outcome, ProviderMessage
from infra.simulators.adyen.notices import Endpoint
from infra.simulators.site import AdyenPart, Site
from tests.contract.payments.adyen_contract import answer_violations, request_violations
from tests.contract.payments.running import Letter, RunningSimulator
from tests.waiting import wait_until

KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
USER, PASSWORD = "adyen", "password-of-the-tests"
MERCHANT = "TestMerchant"
APPROVED, REFUSED = "stored_card_authorised", "stored_card_refused"


class SimulatedAdyen(RunningSimulator):
    """A running Adyen. What it hears and says is checked where the contracts are at hand."""

    def __init__(self, *, journal: Path | None = None) -> None:
        super().__init__(
            place="/adyen",
            apis=("/v72",),
            kind_of=event_of,
            open_site=lambda address, hooks: Site(
                public_url=address,
                mailbox=Path("/nowhere"),
                journal=None,
                endpoint=None,
                adyen=AdyenPart(
                    journal=journal,
                    endpoint=Endpoint(url=hooks, key=KEY, user=USER, password=PASSWORD),
                ),
            ),
            checks=(request_violations, answer_violations),
        )

    @property
    def api_base(self) -> str:
        """The address for clients of the API."""
        return f"{self.base}/v72"

    def decide(self, page: str, decision: str) -> dict[str, str]:
        """Be the customer at the bank's page: `approve` or `fail`; gives what they bring back."""
        path = urlsplit(page).path.removeprefix("/adyen")
        with self.open(f"{path}/{decision}", "POST") as response:
            query = urlsplit(response.headers["Location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def by_hand(self, path: str, document: dict[str, Any], key: str) -> dict[str, Any]:
        """Do something as somebody at Adyen's own desk would."""
        request = urllib.request.Request(
            f"{self.api_base}{path}",
            data=json.dumps({"merchantAccount": MERCHANT, **document}).encode(),
            headers={"X-API-Key": "by-hand", "Idempotency-Key": key},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return dict(json.load(response))

    def told(self, gateway: AdyenGateway, payment_id: object) -> list[ProviderMessage]:
        """Read, as the platform does, all that was told about a payment so far."""
        messages = [
            message
            for letter in list(self.receiver.letters)
            for message in gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        ]
        return [one for one in messages if one.payment_id == payment_id]

    def announce(self, gateway: AdyenGateway) -> list[Mapping[str, Any]]:
        """Have today's settlement report announced; gives the facts that the platform keeps of it."""
        self.ask(f"/_report?merchant={MERCHANT}", "POST")
        (letter, *_) = self.receiver.wait_for("REPORT_AVAILABLE")
        messages = gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        return [one.facts for one in messages]

    def informed(self, gateway: AdyenGateway, call: GatewayCall) -> GatewayCall:
        """Give a call with all that was told about its payment so far."""
        told = self.told(gateway, call.payment_id)
        return replace(call, told=tuple(one.facts for one in told))

    def settle(self, gateway: AdyenGateway, call: GatewayCall) -> Outcome:
        """Make a call and wait for the news of how it ended."""
        outcome = gateway.perform(call)
        if not isinstance(outcome, Accepted):
            return outcome
        waiting = replace(call, reference=outcome.reference)
        ended: list[Outcome] = []

        def is_told() -> bool:
            found = gateway.look_up(self.informed(gateway, waiting))
            if found is None or isinstance(found, Accepted):
                return False
            ended.append(found)
            return True

        wait_until(is_told)
        return ended[0]


def event_of(letter: Letter) -> str:
    """Name the event of a webhook's first item."""
    return str(item_of(letter)["eventCode"])


def item_of(letter: Letter) -> dict[str, Any]:
    """Give the first item of a webhook."""
    return dict(letter.event["notificationItems"][0]["NotificationRequestItem"])
