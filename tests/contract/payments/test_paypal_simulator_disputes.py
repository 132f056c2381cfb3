"""Disputes at the simulated PayPal: opened by a payer, decided by PayPal, told by webhook."""

import pytest

from tests.contract.payments.paypal_client import Client, held
from tests.contract.payments.simulated_paypal import SimulatedPayPal


@pytest.fixture
def charge(paypal_simulator: SimulatedPayPal) -> str:
    """A charge, by its name."""
    client = Client(paypal_simulator)
    path = f"/v2/payments/authorizations/{held(client)}/capture"
    return str(client.post(path, {"final_capture": True}, "c1")[1]["id"])


class TestADispute:
    @pytest.mark.parametrize(
        ("status", "outcome"),
        [("won", "RESOLVED_SELLER_FAVOUR"), ("lost", "RESOLVED_BUYER_FAVOUR")],
    )
    def test_is_opened_and_decided(
        self, paypal_simulator: SimulatedPayPal, charge: str, status: str, outcome: str
    ) -> None:
        opened = paypal_simulator.ask(f"/_dispute?capture={charge}&reason=UNAUTHORISED", "POST")
        name = opened["dispute"]
        (letter,) = paypal_simulator.receiver.wait_for("CUSTOMER.DISPUTE.CREATED")
        about = letter.event["resource"]
        assert (about["dispute_id"], about["status"]) == (name, "OPEN")
        assert about["reason"] == "UNAUTHORISED"
        assert "dispute_outcome" not in about

        paypal_simulator.let("dispute", dispute=name, status=status)
        (letter,) = paypal_simulator.receiver.wait_for("CUSTOMER.DISPUTE.RESOLVED")
        about = letter.event["resource"]
        assert (about["dispute_id"], about["status"]) == (name, "RESOLVED")
        assert about["dispute_outcome"] == {"outcome_code": outcome}

    def test_is_opened_and_decided_once(
        self, paypal_simulator: SimulatedPayPal, charge: str
    ) -> None:
        name = paypal_simulator.ask(f"/_dispute?capture={charge}", "POST")["dispute"]
        for about in (
            {"capture": charge},
            {"dispute": name},
            {"dispute": name, "status": "RESOLVED"},
            {"dispute": "PP-D-NONE", "status": "won"},
        ):
            with pytest.raises(OSError, match="404"):
                paypal_simulator.let("dispute", **about)
        paypal_simulator.let("dispute", dispute=name, status="won")
        with pytest.raises(OSError, match="404"):
            paypal_simulator.let("dispute", dispute=name, status="lost")
