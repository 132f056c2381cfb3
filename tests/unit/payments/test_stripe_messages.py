"""Webhooks of Stripe: whose they are, and what is taken out of them."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.kernel.identifiers import PaymentId
from apps.payments.adapters.stripe.messages import SIGNATURE_HEADER, read_event
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SECRET = "whsec_of_the_tests"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAYMENT_ID = PaymentId(uuid.UUID("0193a8a0-0000-7000-8000-000000000001"))
OPERATION_ID = OperationId(uuid.UUID("0193a8a0-0000-7000-8000-000000000002"))


def signature(body: bytes, secret: str = SECRET, at: datetime = NOON) -> str:
    second = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


def read(body: bytes, header: str | None = None, now: datetime = NOON) -> ProviderMessage:
    headers = {SIGNATURE_HEADER: signature(body) if header is None else header}
    return read_event(body, headers, secret=SECRET, now=now)


def event(about: Any = None, kind: str = "some.thing") -> bytes:
    data = {} if about is None else {"data": {"object": about}}
    return json.dumps({"id": "evt_1", "type": kind, **data}).encode()


def dispute(**changes: Any) -> dict[str, Any]:
    return {
        "object": "dispute",
        "id": "du_1",
        "status": "needs_response",
        "amount": 1000,
        "currency": "eur",
        "reason": "fraudulent",
        "payment_intent": "pi_1",
        **changes,
    }


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "object": "refund",
        "id": "re_1",
        "status": "succeeded",
        "amount": 1000,
        "currency": "eur",
        "payment_intent": "pi_1",
        **changes,
    }


class TestAMessage:
    BODY = event({"object": "payment_intent", "id": "pi_1"})

    @pytest.mark.parametrize("seconds", [-300, 0, 300])
    def test_is_taken_for_some_minutes(self, seconds: int) -> None:
        message = read(self.BODY, now=NOON + timedelta(seconds=seconds))
        assert (message.event_id, message.kind, message.reference) == (
            "evt_1",
            "some.thing",
            "pi_1",
        )

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_is_refused_before_and_after_that(self, seconds: int) -> None:
        with pytest.raises(MessageRefused, match="too long ago, or in the future"):
            read(self.BODY, now=NOON + timedelta(seconds=seconds))

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "nonsense",
            "t=,v1=",
            f"t={int(NOON.timestamp())}",
            f"t={int(NOON.timestamp())},v1=ü",
            signature(BODY, "whsec_of_another"),
            signature(BODY + b" "),
            # Signed now, and dated otherwise afterwards.
            signature(BODY).replace("t=17", "t=18"),
        ],
        ids=range(8),
    )
    def test_is_refused_unless_it_is_signed_as_it_is(self, header: str) -> None:
        with pytest.raises(MessageRefused, match="not Stripe's"):
            read(self.BODY, header)

    DEEP = b'{"id": "evt_1", "type": "x", "data": {"object": {"a": ' + b"[" * 100_000

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'{"id": "evt_1"}', b'{"id": 7, "type": "x"}', DEEP],
        ids=range(6),
    )
    def test_is_refused_where_it_cannot_be_read(self, body: bytes) -> None:
        with pytest.raises(MessageRefused, match="cannot be read"):
            read(body)

    @pytest.mark.parametrize("about", [None, {}, {"object": None}, {"object": {}}])
    def test_may_be_about_nothing_of_ours(self, about: Any) -> None:
        body = json.dumps({"id": "evt_1", "type": "x", "data": about}).encode()
        message = read(body)
        assert (message.reference, message.payment_id, message.dispute, message.refund) == (
            "",
            None,
            None,
            None,
        )


class TestWhatItIsAbout:
    @pytest.mark.parametrize(
        ("about", "reference"),
        [
            ({"object": "payment_intent", "id": "pi_1"}, "pi_1"),
            ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1"),
            ({"object": "charge", "payment_intent": {"id": "pi_1"}}, "pi_1"),
            ({"object": "charge", "payment_intent": {"id": 7}}, ""),
            ({"object": "charge", "payment_intent": None}, ""),
            ({"object": "charge", "id": "ch_1"}, ""),
            ({"object": "payment_intent", "id": 7}, ""),
        ],
    )
    def test_is_found_by_its_intent(self, about: dict[str, Any], reference: str) -> None:
        assert read(event(about)).reference == reference

    @pytest.mark.parametrize(
        ("metadata", "found"),
        [
            ({"payment_id": str(PAYMENT_ID)}, PAYMENT_ID),
            ({"payment_id": "7"}, None),
            ({"payment_id": 7}, None),
            ({}, None),
            (None, None),
            ("payment_id", None),
        ],
    )
    def test_may_name_our_payment(self, metadata: Any, found: PaymentId | None) -> None:
        about = {"object": "payment_intent", "id": "pi_1", "metadata": metadata}
        assert read(event(about)).payment_id == found

    @pytest.mark.parametrize(
        ("kind", "status", "setback_of"),
        [
            ("payment_intent", "canceled", OperationKind.AUTHORIZE),
            ("payment_intent", "succeeded", None),
            ("payment_intent", "requires_payment_method", None),
            ("refund", "failed", OperationKind.REFUND),
            ("refund", "canceled", OperationKind.REFUND),
            ("refund", "succeeded", None),
            ("refund", "pending", None),
            ("charge", "failed", None),
        ],
    )
    def test_may_not_have_lasted(
        self, kind: str, status: str, setback_of: OperationKind | None
    ) -> None:
        about = {"object": kind, "id": "x_1", "status": status}
        message = read(event(about))
        assert message.setback_of == setback_of
        assert message.call_reference == ("x_1" if kind == "refund" else "")


class TestADispute:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("needs_response", DisputeState.OPENED),
            ("under_review", DisputeState.OPENED),
            ("won", DisputeState.WON),
            # The money never went.
            ("prevented", DisputeState.WON),
            ("lost", DisputeState.LOST),
            ("new_to_us", DisputeState.OPENED),
        ],
    )
    def test_stands_where_stripe_says(self, status: str, state: DisputeState) -> None:
        assert read(event(dispute(status=status))).dispute == DisputeNews(
            reference="du_1",
            state=state,
            amount_minor=1000,
            reason="fraudulent",
            currency="EUR",
        )

    @pytest.mark.parametrize(
        "status", ["warning_needs_response", "warning_under_review", "warning_closed"]
    )
    def test_is_none_while_no_money_is_taken(self, status: str) -> None:
        assert read(event(dispute(status=status))).dispute is None

    @pytest.mark.parametrize(
        ("changes", "amount"),
        [
            ({"amount": 500, "currency": "jpy"}, 500),
            # Stripe counts what has no decimals any more in hundredths.
            ({"amount": 500, "currency": "ugx"}, 5),
            ({"amount": 5000, "currency": "kwd"}, 5000),
            ({"amount": None}, 0),
            ({"amount": "1000"}, 0),
            ({"currency": "xxx"}, 0),
            ({"currency": None}, 0),
        ],
    )
    def test_is_of_an_amount_or_of_none_that_can_be_read(
        self, changes: dict[str, Any], amount: int
    ) -> None:
        news = read(event(dispute(**changes))).dispute
        assert news is not None
        assert news.amount_minor == amount

    def test_is_kept_without_what_no_table_takes(self) -> None:
        news = read(event(dispute(reason="a\x00b" + "c" * 300))).dispute
        assert news is not None
        assert news.reason == "ab" + "c" * 197


class TestARefund:
    @pytest.mark.parametrize(
        ("metadata", "operation_id"),
        [
            ({"operation_id": str(OPERATION_ID)}, OPERATION_ID),
            # Made at Stripe's own desk.
            ({}, None),
            (None, None),
            ({"operation_id": "by hand"}, None),
        ],
    )
    def test_that_was_made_says_for_which_call(
        self, metadata: Any, operation_id: OperationId | None
    ) -> None:
        assert read(event(refund(metadata=metadata))).refund == RefundNews(
            reference="re_1", amount_minor=1000, currency="EUR", operation_id=operation_id
        )

    @pytest.mark.parametrize("status", ["pending", "requires_action", "failed", "canceled", None])
    def test_is_no_refund_before_it_was_made(self, status: str | None) -> None:
        assert read(event(refund(status=status))).refund is None

    @pytest.mark.parametrize(
        "changes", [{"amount": None}, {"amount": 10.5}, {"currency": "xxx"}, {"currency": 7}]
    )
    def test_that_cannot_be_read_to_the_cent_is_left_to_the_reports(
        self, changes: dict[str, Any]
    ) -> None:
        assert read(event(refund(**changes))).refund is None
