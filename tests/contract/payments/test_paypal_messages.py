"""Webhooks of PayPal's: whose they are, and what they tell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.ports import GatewayUnavailable, MessageRefused
from infra.simulators.paypal.certificates import new_signer
from tests.contract.payments.conftest import make_paypal_gateway
from tests.contract.payments.simulated_paypal import SimulatedPayPal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAYMENT_ID = "0193a8a0-0000-7000-8000-000000000001"
# As nobody would write it again: odd blanks, another order of fields, an escaped letter, an odd number.
BODY = (
    b'{ "event_type":"PAYMENT.CAPTURE.COMPLETED",\n\t"id" : "WH-1","resource":{"id":"C1",'
    b'"custom_id":"'
    + PAYMENT_ID.encode()
    + b'","amount":{"value":"1.10"},"note":"\\u00e9 \xc3\xa9",'
    b'"rate":1.10000000000000000001} }'
)


@pytest.fixture(params=["certificate", "postback"])
def checking(request: pytest.FixtureRequest, paypal_simulator: SimulatedPayPal) -> PayPalGateway:
    """The adapter, with each way to check messages."""
    return make_paypal_gateway(paypal_simulator, webhook_check=request.param, read_seconds=1.0)


class TestAMessage:
    def test_passes_as_it_was_written(
        self, checking: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        headers = paypal_simulator.headers_for(BODY, NOW)

        (message,) = checking.read_messages(BODY, headers, NOW)

        assert (message.event_id, str(message.payment_id)) == ("WH-1", PAYMENT_ID)

    @pytest.mark.parametrize(
        "spoil",
        ["body", "blank", "signature", "no base64", "time", "webhook", "algorithm", "unsigned"],
    )
    def test_that_is_not_theirs_is_refused(
        self, checking: PayPalGateway, paypal_simulator: SimulatedPayPal, spoil: str
    ) -> None:
        headers, body = paypal_simulator.headers_for(BODY, NOW), BODY
        signature = "paypal-transmission-sig"
        match spoil:
            case "body":
                body = BODY.replace(b"WH-1", b"WH-2")
            case "blank":
                body = BODY.replace(b'"id" :', b'"id":')
            case "signature":
                headers[signature] = headers[signature].swapcase()
            case "no base64":
                headers[signature] = headers[signature][:-1] + "-"
            case "time":
                headers["paypal-transmission-time"] = "2026-11-22T12:00:01Z"
            case "webhook":
                checking = make_paypal_gateway(
                    paypal_simulator,
                    webhook_id="ANOTHER",
                    webhook_check="certificate",
                )
            case "algorithm":
                headers["paypal-auth-algo"] = "SHA1withRSA"
            case _:
                headers = {}

        with pytest.raises(MessageRefused):
            checking.read_messages(body, headers, NOW)

    @pytest.mark.parametrize("faults", [{"down": True}, {"refuse": 429}, {"refuse": "reset"}])
    def test_waits_while_paypal_cannot_be_asked(
        self,
        checking: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        faults: dict[str, Any],
    ) -> None:
        headers = paypal_simulator.headers_for(BODY, NOW)

        with paypal_simulator.faults(**faults), pytest.raises(GatewayUnavailable):
            checking.read_messages(BODY, headers, NOW)

        assert checking.read_messages(BODY, headers, NOW)

    @pytest.mark.parametrize("age", [timedelta(days=4, seconds=1), timedelta(minutes=-6)])
    def test_from_another_time_is_refused(
        self, checking: PayPalGateway, paypal_simulator: SimulatedPayPal, age: timedelta
    ) -> None:
        with pytest.raises(MessageRefused, match="too long ago"):
            checking.read_messages(BODY, paypal_simulator.headers_for(BODY, NOW - age), NOW)

    def test_of_three_days_ago_still_counts(
        self, checking: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        headers = paypal_simulator.headers_for(BODY, NOW - timedelta(days=3))

        assert checking.read_messages(BODY, headers, NOW)


class TestAQuestionToPayPal:
    def test_carries_the_message_byte_by_byte(self, paypal_simulator: SimulatedPayPal) -> None:
        gateway = make_paypal_gateway(paypal_simulator, webhook_check="postback")

        gateway.read_messages(BODY, paypal_simulator.headers_for(BODY, NOW), NOW)

        path = "/v1/notifications/verify-webhook-signature"
        (request,) = paypal_simulator.requests_to("POST", path)
        assert BODY in request.body

    def test_is_not_asked_for_what_is_no_json(self, paypal_simulator: SimulatedPayPal) -> None:
        gateway = make_paypal_gateway(paypal_simulator, webhook_check="postback")
        body = BODY[:-1] + b'},"webhook_id":"OTHER","x":{}'

        with pytest.raises(MessageRefused, match="read"):
            gateway.read_messages(body, paypal_simulator.headers_for(body, NOW), NOW)

        assert paypal_simulator.exchanges == []


class TestACertificate:
    def test_is_fetched_once(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        for _ in range(3):
            paypal_gateway.read_messages(BODY, paypal_simulator.headers_for(BODY, NOW), NOW)

        fetched = [one for one in paypal_simulator.exchanges if "/certs/" in one.request.path]
        assert len(fetched) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://paypal.com.example/certs/CERT-1",
            "https://evilpaypal.com/certs/CERT-1",
            "https://api.paypal.com@evil.example/certs/CERT-1",
            "https://api.paypal.com:8443/certs/CERT-1",
            "https://[::1",
            "file:///etc/passwd",
        ],
    )
    def test_from_elsewhere_is_not_even_fetched(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal, url: str
    ) -> None:
        headers = {**paypal_simulator.headers_for(BODY, NOW), "paypal-cert-url": url}

        with pytest.raises(MessageRefused, match="not at PayPal"):
            paypal_gateway.read_messages(BODY, headers, NOW)

    def test_that_does_not_exist_is_refused(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        url = f"{paypal_simulator.certificate_url}0"
        headers = {**paypal_simulator.headers_for(BODY, NOW), "paypal-cert-url": url}

        with pytest.raises(MessageRefused, match="no such certificate"):
            paypal_gateway.read_messages(BODY, headers, NOW)

    @pytest.mark.parametrize("vouching", ["nobody we know", "the well-known authorities"])
    def test_needs_somebody_who_vouches_for_it(
        self, paypal_simulator: SimulatedPayPal, tmp_path: Path, vouching: str
    ) -> None:
        other = tmp_path / "other.pem"
        other.write_bytes(new_signer().ca)
        ca_file = other if vouching == "nobody we know" else None
        gateway = make_paypal_gateway(paypal_simulator, ca_file=ca_file)

        with pytest.raises(MessageRefused, match="certificate is not PayPal's"):
            gateway.read_messages(BODY, paypal_simulator.headers_for(BODY, NOW), NOW)

    def test_is_not_good_for_ever(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        paypal_gateway.read_messages(BODY, paypal_simulator.headers_for(BODY, NOW), NOW)
        later = datetime.now(UTC) + timedelta(days=4000)

        with pytest.raises(MessageRefused, match="certificate is not PayPal's"):
            paypal_gateway.read_messages(BODY, paypal_simulator.headers_for(BODY, later), later)
