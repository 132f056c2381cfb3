"""How Stripe's and PayPal's reports are asked for, page by page."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import stripe

from apps.payments.adapters.asking import TRIES
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import GatewayMisused, GatewayUnavailable, LockedOut, SettlementLine
from infra.simulators.paypal import settlements
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import (
    Provider,
    open_provider,
    paypal_provider,
    stripe_provider,
)
from tests.contract.payments.settled import DAY, charged, extra, lie, reported
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SimulatedStripe

ADDRESSES = {"stripe": "/v1/balance_transactions", "paypal": "/v1/reporting/transactions"}
ROWS = 520


@pytest.fixture(params=sorted(ADDRESSES))
def provider(request: pytest.FixtureRequest, short_pauses: None) -> Provider:
    """Each provider whose report has pages, in turn, with more than one of them."""
    provider = open_provider(request)
    lie(provider, extra=[extra(f"X{nth}") for nth in range(ROWS)])
    return provider


def asked(provider: Provider) -> int:
    """Count the requests for pages."""
    assert provider.simulator is not None
    return len(provider.simulator.requests_to("GET", ADDRESSES[provider.gateway.route("")]))


def read_on(lines: Iterator[SettlementLine], read: list[SettlementLine]) -> None:
    """Add what comes, line by line, up to where it breaks off."""
    for line in lines:
        read.append(line)


class TestAPage:
    @pytest.mark.parametrize("fault", ["error_rate", "lose_answers_rate"])
    def test_that_does_not_come_is_asked_for_again(self, provider: Provider, fault: str) -> None:
        assert provider.simulator is not None
        pages = {"stripe": 6, "paypal": 2}[provider.gateway.route("")]
        with provider.simulator.faults(**{fault: 0.4, "seed": 3}):
            lines = reported(provider)
        assert len({line.line_id for line in lines}) == len(lines) == ROWS
        assert asked(provider) > pages

    @pytest.mark.parametrize("status", [429, 503, "reset"])
    def test_that_never_comes_ends_the_report_and_keeps_what_was_read(
        self, provider: Provider, status: int | str
    ) -> None:
        assert provider.simulator is not None
        now = datetime.now(UTC)
        lines = provider.gateway.list_settled(since=now - DAY, until=now + DAY, told=())
        read = [next(lines)]
        with provider.simulator.faults(refuse=status), pytest.raises(GatewayUnavailable):
            read_on(lines, read)
        assert len(read) == {"stripe": 100, "paypal": 500}[provider.gateway.route("")]
        assert asked(provider) == 1 + TRIES

    @pytest.mark.parametrize(("status", "trouble"), [(403, LockedOut), (400, GatewayMisused)])
    def test_that_is_refused_is_asked_for_once(
        self, provider: Provider, status: int, trouble: type[Exception]
    ) -> None:
        assert provider.simulator is not None
        # PayPal gives a token first, which a refusal of everything would hold back, too.
        provider.gateway.perform(make_call(token=provider.approved))
        with provider.simulator.faults(refuse=status), pytest.raises(trouble):
            reported(provider)
        assert asked(provider) == 1


class TestStripe:
    def test_is_read_by_its_own_sdk(
        self, stripe_simulator: SimulatedStripe, stripe_gateway: StripeGateway
    ) -> None:
        _, _, capture = charged(stripe_provider(stripe_simulator, stripe_gateway))
        client = stripe.StripeClient(
            "sk_test_sdk",
            base_addresses={"api": stripe_simulator.api_base},
            http_client=stripe.RequestsClient(),
        )
        (found,) = client.v1.balance_transactions.list({"expand": ["data.source"]}).data
        again = client.v1.balance_transactions.retrieve(found.id)
        assert isinstance(found.source, stripe.Charge)
        assert found.source.id == again.source == capture
        assert found.net == found.amount - found.fee


class TestPayPal:
    def test_tells_what_a_bank_took_back_as_a_dispute(
        self, paypal_simulator: SimulatedPayPal, paypal_gateway: PayPalGateway
    ) -> None:
        provider = paypal_provider(paypal_simulator, paypal_gateway)
        _, _, capture = charged(provider)
        paypal_simulator.let("reverse", capture=capture)
        assert {(line.kind, line.payment_reference) for line in reported(provider)} == {
            (SettlementKind.CHARGE, ""),
            (SettlementKind.DISPUTE, capture),
        }

    @pytest.mark.parametrize("happened", [("reverse", "dispute"), ("dispute", "reverse")])
    def test_tells_once_of_money_that_was_both_disputed_and_taken_back(
        self,
        paypal_simulator: SimulatedPayPal,
        paypal_gateway: PayPalGateway,
        happened: tuple[str, str],
    ) -> None:
        provider = paypal_provider(paypal_simulator, paypal_gateway)
        _, _, capture = charged(provider)
        for what in happened:
            paypal_simulator.let(what, capture=capture)
        kinds = sorted(line.kind for line in reported(provider))
        assert kinds == [SettlementKind.CHARGE, SettlementKind.DISPUTE]

    def test_is_asked_by_halves_for_more_than_it_gives_at_once(
        self,
        paypal_simulator: SimulatedPayPal,
        paypal_gateway: PayPalGateway,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        provider = paypal_provider(paypal_simulator, paypal_gateway)
        now = int(datetime.now(UTC).timestamp())
        rows = [extra(f"X{nth}", created=now - 3600 * nth) for nth in range(20)]
        lie(provider, extra=rows)
        monkeypatch.setattr(settlements, "MOST_FOUND", 3)
        assert len({line.line_id for line in reported(provider)}) == 20

    def test_is_given_up_where_a_minute_is_too_much(
        self,
        paypal_simulator: SimulatedPayPal,
        paypal_gateway: PayPalGateway,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        provider = paypal_provider(paypal_simulator, paypal_gateway)
        lie(provider, extra=[extra("X1"), extra("X2")])
        monkeypatch.setattr(settlements, "MOST_FOUND", 1)
        with pytest.raises(GatewayMisused, match="RESULTSET_TOO_LARGE"):
            reported(provider)

    def test_is_asked_for_no_more_than_31_days_at_once(
        self, paypal_simulator: SimulatedPayPal, paypal_gateway: PayPalGateway
    ) -> None:
        now = datetime.now(UTC)
        assert list(paypal_gateway.list_settled(since=now - 70 * DAY, until=now, told=())) == []
        asked = paypal_simulator.requests_to("GET", "/v1/reporting/transactions")
        assert len(asked) == 3
