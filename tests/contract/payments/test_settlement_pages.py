"""How Stripe's and PayPal's reports are asked for, page by page."""

from datetime import UTC, datetime

import pytest
import stripe

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import GatewayMisused
from infra.simulators.paypal import settlements
from tests.contract.payments.providers import paypal_provider, stripe_provider
from tests.contract.payments.settled import DAY, charged, extra, lie, reported
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SimulatedStripe


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
    def test_tells_what_was_taken_back_by_the_name_of_the_capture(
        self, paypal_simulator: SimulatedPayPal, paypal_gateway: PayPalGateway
    ) -> None:
        provider = paypal_provider(paypal_simulator, paypal_gateway)
        _, _, capture = charged(provider)
        paypal_simulator.let("reverse", capture=capture)
        assert {(line.kind, line.reference) for line in reported(provider)} == {
            (SettlementKind.CHARGE, capture),
            (SettlementKind.CHARGE_UNDONE, capture),
        }

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
