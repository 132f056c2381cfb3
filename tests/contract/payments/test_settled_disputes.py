"""Charges that are disputed at their providers: in their books, in their reports, and asked back."""

from __future__ import annotations

import pytest

from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import Declined, Done, Outcome
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import Provider, open_provider
from tests.contract.payments.settled import charged, reported

DISPUTE, WON = SettlementKind.DISPUTE, SettlementKind.DISPUTE_WON
NOT_SENT = "The money could not be sent back."
REFUSED = {
    "stripe": ("charge_disputed", NOT_SENT),
    "adyen": ("refund_refused", "The payment could not be refunded."),
    "paypal": ("TRANSACTION_DISPUTED", NOT_SENT),
}
"""How each provider refuses to give back what is disputed, in our words."""


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider at which a bank can dispute a charge."""
    return open_provider(request)


@pytest.fixture
def dispute(provider: Provider) -> Dispute:
    """A charge that its customer's bank, or PayPal, looks into."""
    return Dispute(provider)


class Dispute:
    """The dispute of a charge: `call` authorised it, `name` is the dispute's, `at` the provider's."""

    def __init__(self, provider: Provider) -> None:
        """Take a payment, and have it disputed."""
        self.call, self.intent, self.capture = charged(provider)
        assert provider.simulator is not None
        self.simulator = provider.simulator
        named = {
            "stripe": f"payment_intent={self.intent}",
            "adyen": f"psp_reference={self.intent}",
            "paypal": f"capture={self.capture}",
        }
        simulator = type(self.simulator).__name__.lower()
        (self.at,) = (name for name in named if name in simulator)
        self.name = self.simulator.ask(f"/_dispute?{named[self.at]}", "POST")["dispute"]

    def decide(self, status: str) -> None:
        """Have it decided, `won` or `lost` for us."""
        self.simulator.ask(f"/_dispute?dispute={self.name}&status={status}", "POST")

    def refund(self, provider: Provider, nth: int) -> Outcome:
        """Ask for all of the charge back, and wait for the answer."""
        return provider.settle(
            make_call(
                OperationKind.REFUND,
                of=self.call,
                authorization=self.intent,
                charge=self.capture,
                nth=nth,
            )
        )


class TestADispute:
    @pytest.mark.parametrize(
        ("status", "kinds", "held", "lost"),
        [("", [DISPUTE], 1, 0), ("won", [DISPUTE, WON], 0, 0), ("lost", [DISPUTE], 0, 1)],
    )
    def test_is_in_the_books_and_in_the_report(
        self,
        provider: Provider,
        dispute: Dispute,
        status: str,
        kinds: list[SettlementKind],
        held: int,
        lost: int,
    ) -> None:
        if status:
            dispute.decide(status)

        (line,) = dispute.simulator.ask("/_books", "GET")["payments"]
        found = [one for one in reported(provider) if one.kind in (DISPUTE, WON)]

        amount = dispute.call.amount.amount_minor
        assert (line["disputed"], line["lost"]) == (held * amount, lost * amount)
        # Of what is lost at Adyen, the money came back to us and was taken a second time.
        again = [DISPUTE, WON] if (dispute.at, status) == ("adyen", "lost") else []
        assert sorted(one.kind for one in found) == sorted(kinds + again)
        assert {one.reference for one in found} == {dispute.name}
        assert {one.payment_reference for one in found} <= {dispute.intent, dispute.capture}
        assert {one.gross for one in found} == {dispute.call.amount}

    def test_keeps_the_money_from_going_back_twice(
        self, provider: Provider, dispute: Dispute
    ) -> None:
        while_open = dispute.refund(provider, nth=1)
        dispute.decide("lost")
        once_lost = dispute.refund(provider, nth=2)

        for answer in (while_open, once_lost):
            assert isinstance(answer, Declined)
            assert (answer.code, answer.detail) == REFUSED[dispute.at]
        assert dispute.simulator.payment(dispute.call.payment_id)["refunded"] == 0

    def test_that_is_won_stands_in_the_way_no_more(
        self, provider: Provider, dispute: Dispute
    ) -> None:
        dispute.decide("won")
        assert isinstance(dispute.refund(provider, nth=1), Done)
