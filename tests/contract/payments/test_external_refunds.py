"""What every provider tells of a refund that was made at its own desk, and of one of ours."""

from datetime import UTC, datetime

import pytest

from apps.kernel.money import Money
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Done, ProviderMessage, RefundNews
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import Provider, open_provider
from tests.contract.payments.settled import charged
from tests.waiting import wait_until

TEN, TWENTY = Money(1000, "EUR"), Money(2000, "EUR")


@pytest.fixture(params=["stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider that has a desk of its own."""
    return open_provider(request)


def refund_at_desk(provider: Provider, authorization: str, charge: str) -> None:
    """Have twenty euros refunded there."""
    query = {
        "stripe": f"payment_intent={authorization}&amount=2000",
        "adyen": f"psp_reference={authorization}&value=2000",
        "paypal": f"capture={charge}&amount=20.00",
    }[provider.gateway.route("")]
    assert provider.simulator is not None
    provider.simulator.ask(f"/_refund?{query}", "POST")


def told(provider: Provider) -> list[ProviderMessage]:
    """Read all that was told so far."""
    assert provider.simulator is not None
    return [
        message
        for letter in list(provider.simulator.receiver.letters)
        for message in provider.gateway.read_messages(
            letter.body, letter.headers, datetime.now(UTC)
        )
    ]


def refunds_told(provider: Provider) -> dict[str, tuple[RefundNews, ProviderMessage]]:
    """Give every refund that was told of by its name, with the message."""
    return {one.refund.reference: (one.refund, one) for one in told(provider) if one.refund}


class TestARefund:
    def test_of_ours_names_our_call_and_an_external_one_does_not(self, provider: Provider) -> None:
        call, authorization, charge = charged(provider)
        own = make_call(
            OperationKind.REFUND,
            of=call,
            authorization=authorization,
            charge=charge,
            amount=TEN,
        )
        assert isinstance(provider.settle(own), Done)
        refund_at_desk(provider, authorization, charge)
        wait_until(lambda: len(refunds_told(provider)) == 2)

        found = sorted(refunds_told(provider).values(), key=lambda one: one[0].amount_minor)
        (ours, _), (external, message) = found
        assert ours.operation_id == own.operation_id
        assert (ours.amount_minor, ours.currency) == (1000, "EUR")
        assert external.operation_id != own.operation_id
        assert (external.amount_minor, external.currency) == (2000, "EUR")
        # Stripe names the intent, the others carry our own id along.
        is_ours = message.payment_id == call.payment_id
        assert is_ours or message.reference == authorization

    def test_made_at_the_desk_is_looked_up_by_its_name(self, provider: Provider) -> None:
        call, authorization, charge = charged(provider)
        refund_at_desk(provider, authorization, charge)
        wait_until(lambda: len(refunds_told(provider)) == 1)
        (reference,) = refunds_told(provider)

        looked_for = make_call(
            OperationKind.REFUND,
            of=call,
            authorization=authorization,
            charge=charge,
            reference=reference,
            amount=TWENTY,
            told=tuple(one.facts for one in told(provider) if one.facts),
        )
        assert provider.gateway.look_up(looked_for) == Done(reference=reference)
