"""What Stripe and PayPal have in their books, and report as settled, of charges that are disputed."""

import pytest

from apps.payments.domain.settlements import SettlementKind
from tests.contract.payments.providers import Provider, open_provider
from tests.contract.payments.settled import charged, reported

DISPUTE, WON = SettlementKind.DISPUTE, SettlementKind.DISPUTE_WON


@pytest.fixture(params=["stripe", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider at which a bank can dispute a charge."""
    return open_provider(request)


class TestADispute:
    @pytest.mark.parametrize(
        ("status", "kinds", "held", "lost"),
        [("", [DISPUTE], 1, 0), ("won", [DISPUTE, WON], 0, 0), ("lost", [DISPUTE], 0, 1)],
    )
    def test_is_in_the_books_and_in_the_report(
        self,
        provider: Provider,
        status: str,
        kinds: list[SettlementKind],
        held: int,
        lost: int,
    ) -> None:
        call, intent, capture = charged(provider)
        simulator = provider.simulator
        assert simulator is not None
        named = {"stripe": f"payment_intent={intent}", "paypal": f"capture={capture}"}
        (about,) = (named[name] for name in named if name in type(simulator).__name__.lower())
        dispute = simulator.ask(f"/_dispute?{about}", "POST")["dispute"]
        if status:
            simulator.ask(f"/_dispute?dispute={dispute}&status={status}", "POST")

        (line,) = simulator.ask("/_books", "GET")["payments"]
        found = [one for one in reported(provider) if one.kind in (DISPUTE, WON)]

        amount = call.amount.amount_minor
        assert (line["disputed"], line["lost"]) == (held * amount, lost * amount)
        assert sorted(one.kind for one in found) == kinds
        assert {one.reference for one in found} == {dispute}
        assert {one.payment_reference for one in found} <= {intent, capture}
        assert {one.gross for one in found} == {call.amount}
