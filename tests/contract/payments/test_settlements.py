"""What every provider reports as settled, asked of each of them over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.kernel.money import Money
from apps.payments.domain.operations import OperationKind
from apps.payments.domain.settlements import SettlementKind
from apps.payments.ports import (
    Done,
    GatewayUnavailable,
)
from infra.simulators.settlements import fee_of
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import (
    Provider,
    open_provider,
)
from tests.contract.payments.settled import DAY, charged, extra, lie, reported


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider in turn; what the sandbox reports is made of our own rows, and tested with them."""
    return open_provider(request)


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

    def test_of_a_provider_that_does_not_answer_is_not_there(
        self, provider: Provider, short_pauses: None
    ) -> None:
        told = [
            {**one, "reason": "http://127.0.0.1:9/reports/x.csv"} for one in provider.announce()
        ]
        with pytest.raises(GatewayUnavailable):
            list(
                provider.unreachable.list_settled(
                    since=datetime.now(UTC) - DAY, until=datetime.now(UTC), told=told
                )
            )
