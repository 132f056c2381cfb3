"""A card number in what providers sign: taken, since a refusal would hold up all else, but kept masked."""

import base64
import hashlib
import hmac
import io
import itertools
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.payments.adapters.registry import gateway_named
from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.models import ProviderMessageRecord
from apps.payments.services.handle_messages import handle_messages
from apps.platform.telemetry.logs import line_formatter
from infra.simulators.adyen.notices import sign as adyen_sign
from tests.card_writings import NUMBER, SLASHED
from tests.contract.payments.simulated_adyen import KEY, MERCHANT
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.payments.simulated_stripe import SECRET
from tests.integration.cards.keeping import where_kept
from tests.integration.cards.openapi import list_objects, list_spots, with_value

CODE = "CVV: 737"
TEXTS = (NUMBER, SLASHED, CODE)
LIKE_NAMES = ("4917610000000000", "4019123456789016", "5515987654321095")
"""Their third to fifteenth digits may be read as a time in milliseconds."""
PAYMENT_ID = "0193a8a0-0000-7000-8000-000000000001"

pytestmark = pytest.mark.django_db(transaction=True)

Signed = tuple[bytes, Mapping[str, str]]


@pytest.fixture(scope="module")
def running_paypal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPayPal]:
    """One simulated PayPal, which shows the certificate that it signs with."""
    simulator = SimulatedPayPal(keys=tmp_path_factory.mktemp("paypal")).start()
    yield simulator
    simulator.stop()


@pytest.fixture
def paypal(running_paypal: SimulatedPayPal, settings: Settings) -> SimulatedPayPal:
    """Take its messages, and those of all others."""
    settings.OMS_GATEWAYS = ["sandbox", "stripe", "paypal", "adyen"]
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_KEY = "sk_test_x"
    settings.ADYEN_API_KEY, settings.ADYEN_API_BASE = "key", "http://127.0.0.1:9/v72"
    settings.ADYEN_MERCHANT_ACCOUNT, settings.ADYEN_HMAC_KEY = MERCHANT, KEY
    settings.ADYEN_WEBHOOK_USER = settings.ADYEN_WEBHOOK_PASSWORD = ""
    settings.PAYPAL_API_BASE = running_paypal.api_base
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = "client", "client-secret"
    settings.PAYPAL_WEBHOOK_ID = running_paypal.webhook_id
    settings.PAYPAL_CERTIFICATE_BASE = f"{running_paypal.api_base}/"
    settings.PAYPAL_CA_FILE = str(Path(running_paypal.ca_file))
    return running_paypal


@pytest.fixture(autouse=True)
def fresh_gateways() -> Iterator[None]:
    """Read the settings anew, before and after."""
    gateway_named.cache_clear()
    yield
    gateway_named.cache_clear()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All lines, as they are written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter("oms-web", pretty=False))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def in_sandbox(document: Any, paypal: SimulatedPayPal) -> Signed:
    """Sign as the sandbox does."""
    body = json.dumps(document).encode()
    return body, {SIGNATURE_HEADER: sign(body, configured.OMS_SANDBOX_SECRET)}


def at_stripe(document: Any, paypal: SimulatedPayPal) -> Signed:
    """Sign as Stripe does."""
    body = json.dumps(document).encode()
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return body, {"stripe-signature": f"t={at},v1={digest.hexdigest()}"}


def at_paypal(document: Any, paypal: SimulatedPayPal) -> Signed:
    """Sign as PayPal does."""
    body = json.dumps(document).encode()
    return body, paypal.headers_for(body, timezone.now())


def at_adyen(document: Any, paypal: SimulatedPayPal) -> Signed:
    """Sign as Adyen does, in the item itself."""
    more = document.get("additionalData", {})
    item = {**document, "additionalData": {**more, "hmacSignature": adyen_sign(document, KEY)}}
    letter = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
    pair = base64.b64encode(b"adyen:x").decode()
    return json.dumps(letter).encode(), {"authorization": f"Basic {pair}"}


MESSAGES: dict[str, tuple[Callable[[Any, SimulatedPayPal], Signed], list[Any]]] = {
    "sandbox": (
        in_sandbox,
        [{"id": "evt_1", "type": "approved", "reference": "sbx_1", "payment_id": PAYMENT_ID}],
    ),
    "stripe": (
        at_stripe,
        [
            {"id": "evt_1", "type": "x", "data": {"object": about}}
            for about in (
                {
                    "object": "dispute",
                    "id": "du_1",
                    "status": "lost",
                    "reason": "fraudulent",
                    "amount": 5,
                    "currency": "eur",
                    "payment_intent": "pi_1",
                    "payment_method_details": {"card": {"brand": "visa", "number": "1"}},
                },
                {
                    "object": "refund",
                    "id": "re_1",
                    "status": "succeeded",
                    "amount": 5,
                    "currency": "eur",
                    "payment_intent": "pi_1",
                    "description": "x",
                },
            )
        ],
    ),
    "paypal": (
        at_paypal,
        [
            {
                "id": "WH-1",
                "event_type": "CUSTOMER.DISPUTE.CREATED",
                "resource": {
                    "dispute_id": "PP-D-1",
                    "reason": "UNAUTHORISED",
                    "status": "OPEN",
                    "dispute_amount": {"currency_code": "EUR", "value": "5.00"},
                    "disputed_transactions": [{"seller_transaction_id": "C1", "custom": "x"}],
                    "note": "x",
                },
            },
            {
                "id": "WH-2",
                "event_type": "PAYMENT.CAPTURE.REFUNDED",
                "resource": {
                    "id": "R1",
                    "status": "COMPLETED",
                    "custom_id": "x",
                    "invoice_id": "x",
                    "amount": {"currency_code": "EUR", "value": "5.00"},
                    "supplementary_data": {"related_ids": {"authorization_id": "A1"}},
                },
            },
        ],
    ),
    "adyen": (
        at_adyen,
        [
            {
                "eventCode": event,
                "success": "true",
                "reason": "x",
                "paymentMethod": "visa",
                "merchantAccountCode": MERCHANT,
                "merchantReference": PAYMENT_ID,
                "pspReference": "PSP2",
                "originalReference": "PSP1",
                "amount": {"currency": "EUR", "value": 5},
                "additionalData": {"cardSummary": "1111", "modification.action": "refund"},
            }
            for event in ("CHARGEBACK", "CAPTURE", "REFUND", "AUTHORISATION")
        ],
    ),
}


def poisoned(document: Any, text: str) -> Iterator[Any]:
    """Give the document again and again, each time with the text in another place."""
    for spot, _ in list_spots(document, ()):
        yield with_value(document, spot, text)
    for spot in list_objects(document, ()):
        yield with_value(deepcopy(document), (*spot, "more"), text)


class TestACardInASignedMessage:
    @pytest.mark.parametrize("provider", MESSAGES)
    def test_is_kept_nowhere(
        self, provider: str, paypal: SimulatedPayPal, log: io.StringIO
    ) -> None:
        signing, documents = MESSAGES[provider]
        client = Client()
        taken = 0
        for document, text in itertools.product(documents, TEXTS):
            for bad in poisoned(document, text):
                body, headers = signing(bad, paypal)
                answer = client.post(
                    f"/api/v1/webhooks/{provider}",
                    body,
                    content_type="application/json",
                    headers=headers,
                )
                assert answer.status_code in (200, 400, 401, 403), answer.content
                taken += answer.status_code == 200
                assert text not in answer.content.decode()
        assert taken >= len(TEXTS) * len(documents) * 3
        while handle_messages(now=timezone.now()):
            pass
        assert ProviderMessageRecord.objects.count() > 1
        assert where_kept(NUMBER, CODE) == []
        lines = log.getvalue()
        assert "card_in_message" in lines
        assert [text for text in TEXTS if text in lines] == []

    def test_leaves_the_rest_of_the_message(self, paypal: SimulatedPayPal) -> None:
        document = {**MESSAGES["adyen"][1][0], "reason": f"holder said {SLASHED}, lost"}
        self.deliver("adyen", document, paypal)
        kept = ProviderMessageRecord.objects.get()
        assert (kept.event_id, kept.reference) == ("PSP2:CHARGEBACK:true", "PSP1")
        assert kept.facts["reason"] == "holder said [card], lost"
        assert kept.dispute is not None
        assert kept.dispute["reason"] == "holder said [card], lost"

    def test_counts_once_however_often_it_comes(self, paypal: SimulatedPayPal) -> None:
        document = {"id": NUMBER, "type": "approved", "reference": NUMBER}
        other = {**document, "type": "declined"}
        for one in (document, document, other):
            self.deliver("sandbox", one, paypal)
        kept = ProviderMessageRecord.objects.order_by("id")
        first, second = (one.reference for one in kept)
        assert first == second
        assert re.fullmatch(r"\[card\]:[0-9a-f]{16}", first)
        assert len({one.event_id for one in kept}) == 2

    @pytest.mark.parametrize("name", ["8515131751004932", "7914073381342283"])
    def test_is_not_seen_in_the_names_that_adyen_gives(
        self, name: str, paypal: SimulatedPayPal
    ) -> None:
        document = {**MESSAGES["adyen"][1][1], "pspReference": name, "originalReference": name}
        self.deliver("adyen", document, paypal)
        kept = ProviderMessageRecord.objects.get()
        assert (kept.event_id, kept.reference) == (f"{name}:CAPTURE:true", name)
        assert (kept.call_reference, kept.facts["pspReference"]) == (name, name)

    @pytest.mark.parametrize("card", LIKE_NAMES)
    @pytest.mark.parametrize("provider", ["stripe", "adyen"])
    def test_is_masked_in_a_reason_even_if_a_time_could_stand_in_it(
        self, provider: str, card: str, paypal: SimulatedPayPal
    ) -> None:
        document = deepcopy(MESSAGES[provider][1][0])
        about = document["data"]["object"] if provider == "stripe" else document
        about["reason"] = f"holder {card}"
        self.deliver(provider, document, paypal)
        kept = ProviderMessageRecord.objects.get()
        assert kept.dispute is not None
        assert kept.dispute["reason"] == "holder [card]"

    def test_in_the_name_of_a_dispute_keeps_it_apart_from_others(
        self, paypal: SimulatedPayPal
    ) -> None:
        names = [NUMBER, LIKE_NAMES[0], NUMBER]
        for position, name in enumerate(names):
            document = deepcopy(MESSAGES["stripe"][1][0])
            document["id"] = f"evt_{position}"
            document["data"]["object"]["id"] = name
            self.deliver("stripe", document, paypal)
        disputes = [one.dispute for one in ProviderMessageRecord.objects.order_by("id")]
        first, second, again = (one["reference"] for one in disputes if one is not None)
        assert first == again
        assert first != second
        assert NUMBER not in first
        assert first.startswith("[card]:")

    def test_in_the_name_of_a_call_is_the_same_in_the_facts(self, paypal: SimulatedPayPal) -> None:
        document = {**MESSAGES["adyen"][1][1], "pspReference": NUMBER, "originalReference": "PSP1"}
        self.deliver("adyen", document, paypal)
        kept = ProviderMessageRecord.objects.get()
        assert kept.call_reference.startswith("[card]:")
        assert kept.facts["pspReference"] == kept.call_reference

    def deliver(self, provider: str, document: Any, paypal: SimulatedPayPal) -> None:
        body, headers = MESSAGES[provider][0](document, paypal)
        answer = Client().post(
            f"/api/v1/webhooks/{provider}", body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 200, answer.content
