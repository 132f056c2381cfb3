"""What every provider reports as settled, asked of each of them over real HTTP."""

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from apps.kernel.money import Money
from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import (
    Done,
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    SettlementLine,
)
from infra.simulators.paypal import settlements
from infra.simulators.settlements import fee_of
from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import (
    Provider,
    adyen_provider,
    open_provider,
    paypal_provider,
    stripe_provider,
)
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.contract.provider_contracts import FOLDER

DAY = timedelta(days=1)


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider in turn; what the sandbox reports is made of our own rows, and tested with them."""
    return open_provider(request)


def reported(
    provider: Provider,
    told: Sequence[Mapping[str, Any]] | None = None,
) -> list[SettlementLine]:
    """Give what is reported of the day around now."""
    now = datetime.now(UTC)
    lines = provider.gateway.list_settled(
        since=now - DAY,
        until=now + DAY,
        told=provider.announce() if told is None else told,
    )
    return sorted(lines, key=lambda line: (line.booked_at, line.kind))


def charged(provider: Provider) -> tuple[GatewayCall, str, str]:
    """Take a payment; gives its call, and the names of authorisation and capture."""
    call = make_call(token=provider.approved)
    held = provider.gateway.perform(call)
    assert isinstance(held, Done)
    taken = provider.settle(make_call(OperationKind.CAPTURE, of=call, authorization=held.reference))
    assert isinstance(taken, Done)
    return call, held.reference, taken.reference


def lie(provider: Provider, **lies: Any) -> None:
    assert provider.simulator is not None
    provider.simulator.ask("/_settlements", "POST", lies)


def extra(reference: str, kind: str = "charge", **more: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    booking = {"kind": kind, "reference": reference, "amount": 777, "currency": "EUR"}
    return {**booking, "created": now, **more}


class TestAReport:
    def test_names_a_charge_as_its_capture_was_named_with_the_fee(self, provider: Provider) -> None:
        call, _, capture = charged(provider)
        (line,) = reported(provider)

        assert (line.kind, line.reference) == (SettlementKind.CHARGE, capture)
        assert line.payment_id == call.payment_id
        assert line.gross == call.amount
        assert line.fee == Money(fee_of(call.amount.amount_minor), call.amount.currency)
        assert abs(line.booked_at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_names_a_refund_as_it_was_named(self, provider: Provider) -> None:
        call, authorization, capture = charged(provider)
        refund = make_call(
            OperationKind.REFUND,
            of=call,
            authorization=authorization,
            charge=capture,
            amount=Money(500, "EUR"),
        )
        given = provider.settle(refund)
        assert isinstance(given, Done)

        (line,) = (one for one in reported(provider) if one.kind is SettlementKind.REFUND)

        assert line.reference == given.reference
        # PayPal names our call and the capture that it is about in place of our payment.
        assert line.payment_id == call.payment_id or (
            line.operation_id,
            line.payment_reference,
        ) == (refund.operation_id, capture)
        assert line.gross == Money(500, "EUR")
        assert line.fee.is_zero

    def test_says_nothing_of_what_is_only_held(self, provider: Provider) -> None:
        assert isinstance(provider.gateway.perform(make_call(token=provider.approved)), Done)
        assert reported(provider) == []

    def test_gives_the_same_lines_again(self, provider: Provider) -> None:
        charged(provider)
        charged(provider)
        told = provider.announce()

        first = reported(provider, told=told)

        assert len({line.line_id for line in first}) == 2
        assert reported(provider, told=told) == first

    def test_has_every_line_of_many_pages(self, provider: Provider) -> None:
        lie(provider, extra=[extra(f"X{nth}") for nth in range(520)])
        assert len({line.line_id for line in reported(provider)}) == 520

    def test_tells_disputes_and_fees_and_passes_payouts_over(self, provider: Provider) -> None:
        kinds = ("dispute", "dispute_won", "fee", "payout")
        lie(provider, extra=[extra(f"X{kind.upper()}"[:17], kind) for kind in kinds])

        lines = {line.kind: line for line in reported(provider)}

        assert lines.keys() == {
            SettlementKind.DISPUTE,
            SettlementKind.DISPUTE_WON,
            SettlementKind.FEE,
        }
        assert lines[SettlementKind.DISPUTE].gross == Money(777, "EUR")
        assert lines[SettlementKind.FEE].fee == Money(777, "EUR")
        assert lines[SettlementKind.FEE].gross.is_zero

    def test_can_be_falsified(self, provider: Provider) -> None:
        names = [charged(provider)[2] for _ in range(3)]
        lie(provider, leave_out=[names[0]], amounts={names[1]: 1}, twice=[names[2]])

        lines = reported(provider)

        amounts = {line.reference: line.gross.amount_minor for line in lines}
        assert names[0] not in amounts
        assert amounts[names[1]] == 1
        assert len({line.line_id for line in lines}) == 3

    def test_of_a_provider_that_does_not_answer_is_not_there(self, provider: Provider) -> None:
        told = [
            {**one, "reason": "http://127.0.0.1:9/reports/x.csv"} for one in provider.announce()
        ]
        with pytest.raises(GatewayUnavailable):
            list(
                provider.unreachable.list_settled(
                    since=datetime.now(UTC) - DAY, until=datetime.now(UTC), told=told
                )
            )


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


class TestAdyen:
    def test_announces_its_reports_as_its_files_say(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        adyen_simulator.announce(adyen_gateway)
        (letter,) = adyen_simulator.receiver.wait_for("REPORT_AVAILABLE")
        if FOLDER.is_dir():
            assert letter_violations(letter.event) == []
        (message,) = adyen_gateway.read_messages(letter.body, letter.headers, datetime.now(UTC))
        assert message.payment_id is None
        assert message.reference == ""
        assert message.event_id.startswith("settlement_detail_report_")

    def test_has_no_report_before_one_is_announced(self, adyen_gateway: AdyenGateway) -> None:
        now = datetime.now(UTC)
        with pytest.raises(GatewayUnavailable, match="no_report_announced"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=[]))

    @pytest.mark.parametrize(
        "gone",
        [
            "{base}/reports/settlement_detail_report_gone.csv",
            "https://elsewhere.example/settlement_detail_report_1.csv",
        ],
    )
    def test_reads_the_others_where_one_report_cannot_be_had(
        self,
        adyen_simulator: SimulatedAdyen,
        adyen_gateway: AdyenGateway,
        gone: str,
    ) -> None:
        _, _, capture = charged(adyen_provider(adyen_simulator, adyen_gateway))
        told = adyen_simulator.announce(adyen_gateway)
        address = gone.format(base=adyen_simulator.base)
        now = datetime.now(UTC)
        lines = adyen_gateway.list_settled(
            since=now - DAY, until=now, told=[{**told[0], "reason": address}, *told]
        )
        assert next(lines).reference == capture
        with pytest.raises(GatewayMisused):
            next(lines)

    def test_passes_over_reports_of_another_account(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        told = [
            {**one, "reason": str(one["reason"]).replace(f"/{MERCHANT}/", "/OtherShop/")}
            for one in adyen_simulator.announce(adyen_gateway)
        ]
        now = datetime.now(UTC)
        with pytest.raises(GatewayUnavailable, match="no_report_announced"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=told))

    @pytest.mark.parametrize(
        "address",
        [
            "https://thief.example/settlement_detail_report_1.csv",
            "{base}/reports.thief.example/x.csv",
            "{base}/reports/../_books",
        ],
    )
    def test_takes_no_report_from_elsewhere(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway, address: str
    ) -> None:
        told = [
            {
                "event": "REPORT_AVAILABLE",
                "success": True,
                "pspReference": "settlement_detail_report_1.csv",
                "reason": address.format(base=adyen_simulator.base),
            }
        ]
        now = datetime.now(UTC)
        with pytest.raises(GatewayMisused, match="ADYEN_REPORT_BASE"):
            list(adyen_gateway.list_settled(since=now - DAY, until=now, told=told))

    def test_is_asked_as_the_report_user_where_there_is_one(
        self, adyen_simulator: SimulatedAdyen, adyen_gateway: AdyenGateway
    ) -> None:
        gateway = AdyenGateway(
            api_key="key",
            api_base=adyen_simulator.api_base,
            merchant_account=MERCHANT,
            hmac_key=KEY,
            report_base=f"{adyen_simulator.base}/reports/",
            report_user="report@Company.Shop",
            report_password="secret",
        )
        told = adyen_simulator.announce(adyen_gateway)
        now = datetime.now(UTC)
        assert list(gateway.list_settled(since=now - DAY, until=now, told=told)) == []
        address = str(told[0]["reason"])
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5)


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
