"""How far a payment has come at Stripe before a test begins."""

from apps.payments.adapters.stripe.gateway import StripeGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import Done, GatewayCall
from tests.contract.payments.conftest import make_call

AUTHORIZE, CAPTURE = OperationKind.AUTHORIZE, OperationKind.CAPTURE
VOID, REFUND = OperationKind.VOID, OperationKind.REFUND


def authorized(gateway: StripeGateway, call: GatewayCall | None = None) -> tuple[GatewayCall, str]:
    """Authorise a payment; returns its call and the reference of the authorisation."""
    call = call or make_call()
    done = gateway.perform(call)
    assert isinstance(done, Done)
    return call, done.reference


def captured(gateway: StripeGateway) -> tuple[GatewayCall, str]:
    """Authorise and capture a payment."""
    call, reference = authorized(gateway)
    assert isinstance(gateway.perform(make_call(CAPTURE, of=call, authorization=reference)), Done)
    return call, reference
