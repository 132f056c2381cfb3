"""Calls to PayPal as tests make them: with a saved wallet, or with a payer who has to approve."""

from typing import Any

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import ActionRequired, Done, GatewayCall
from tests.contract.payments.conftest import make_call


def authorized(gateway: PayPalGateway, wallet: str = "ok") -> tuple[GatewayCall, str]:
    """Authorise a payment with a saved wallet; returns its call and the authorisation."""
    call = make_call(token=f"vault-{wallet}")
    done = gateway.perform(call)
    assert isinstance(done, Done)
    return call, done.reference


def captured(gateway: PayPalGateway, wallet: str = "ok") -> tuple[GatewayCall, GatewayCall, str]:
    """Authorise and capture a payment; returns both calls and the capture."""
    call, reference = authorized(gateway, wallet)
    capture = make_call(OperationKind.CAPTURE, of=call, authorization=reference)
    done = gateway.perform(capture)
    assert isinstance(done, Done)
    return call, capture, done.reference


def asked(gateway: PayPalGateway, token: str = "wallet") -> tuple[GatewayCall, str]:
    """Begin a payment that its payer has to approve; returns the call as it waits, and the order."""
    call = make_call(token=token)
    answer = gateway.perform(call)
    assert isinstance(answer, ActionRequired)
    return waiting(call, answer.reference), answer.reference


def waiting(call: GatewayCall, order: str, **more: Any) -> GatewayCall:
    """Give a call as it is claimed again later, with what is known of it by then."""
    return GatewayCall(
        **{
            **{name: getattr(call, name) for name in GatewayCall.__slots__},
            "authorization": order,
            "reference": order,
            **more,
        }
    )
