"""A shop that pays by Adyen: the adapter with its provider, taken through payments step by step."""

from dataclasses import replace

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import ActionRequired, Declined, Done, GatewayCall, Outcome
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_adyen import APPROVED, SimulatedAdyen

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND


class Shop:
    """The adapter with its provider, taken through a payment step by step."""

    def __init__(self, gateway: AdyenGateway, simulator: SimulatedAdyen) -> None:
        self.gateway = gateway
        self.simulator = simulator

    def authorized(self, token: str = APPROVED) -> tuple[GatewayCall, str]:
        """Authorise a payment; returns its call and the reference of the authorisation."""
        call = make_call(token=token)
        done = self.gateway.perform(call)
        assert isinstance(done, Done)
        return call, done.reference

    def captured(self, token: str = APPROVED) -> tuple[GatewayCall, str, str]:
        """Authorise and capture; returns the first call and both references."""
        call, authorization = self.authorized(token)
        captured = self.settle(make_call(CAPTURE, of=call, authorization=authorization))
        assert isinstance(captured, Done)
        return call, authorization, captured.reference

    def settle(self, call: GatewayCall) -> Outcome:
        """Make a call and wait for the news of its end."""
        return self.simulator.settle(self.gateway, call)

    def look_up(self, call: GatewayCall, reference: str = "") -> Outcome | None:
        """Look a call up with all that was told so far."""
        informed = self.simulator.informed(self.gateway, call)
        return self.gateway.look_up(replace(informed, reference=reference))

    def asked(self, token: str = "stored_card_challenge") -> tuple[GatewayCall, str]:
        """Begin a payment that its customer has to approve; returns the bank's page."""
        call = make_call(token=token)
        answer = self.gateway.perform(call)
        assert isinstance(answer, ActionRequired)
        assert answer.reference == str(call.payment_id)
        return replace(call, authorization=answer.reference, reference=answer.reference), (
            answer.redirect_url
        )

    def returned(self, call: GatewayCall, query: dict[str, str]) -> GatewayCall:
        """Give a call to which its customer has brought something back."""
        return replace(call, told=(*call.told, self.gateway.read_return(query)))


def code_of(outcome: Outcome | None) -> str:
    assert isinstance(outcome, Declined), outcome
    return outcome.code
