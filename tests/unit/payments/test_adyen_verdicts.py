"""How calls ended, by what Adyen has told."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.kernel.identifiers import OrderId, PaymentId
from apps.kernel.money import Money
from apps.payments.adapters.adyen.story import Story, Told
from apps.payments.adapters.adyen.verdicts import verdict_of
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ALREADY_CAPTURED,
    Accepted,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    Outcome,
)

OURS = OperationId(uuid.UUID("0193a8a0-0000-7000-8000-000000000002"))
PAYMENT_ID = PaymentId(uuid.UUID("0193a8a0-0000-7000-8000-000000000001"))


def call(
    kind: OperationKind, *, reference: str = "MOD1", authorization: str = "PSP1"
) -> GatewayCall:
    return GatewayCall(
        operation_id=OURS,
        payment_id=PAYMENT_ID,
        order_id=OrderId(PAYMENT_ID),
        kind=kind,
        amount=Money(1000, "EUR"),
        idempotency_key="k",
        authorization=authorization,
        method_type="card",
        method_token="t",
        return_url="http://shop.example",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        reference=reference,
    )


def told(event: str, reference: str = "MOD1", **more: Any) -> Told:
    wanted = {"success": True, "value": 1000, "currency": "EUR", "original_reference": "PSP1"}
    return Told(event=event, psp_reference=reference, **{**wanted, **more})


def verdict(wanted: GatewayCall, *news: Told) -> Outcome | None:
    return verdict_of(wanted, Story.read([one.as_facts() for one in news]), 1000)


CAPTURE, VOID = call(OperationKind.CAPTURE), call(OperationKind.VOID)
REFUND, AUTHORIZE = call(OperationKind.REFUND), call(OperationKind.AUTHORIZE, authorization="")
FAILED_CAPTURE = told("CAPTURE", success=False, reason="Refused")
FAILED_REFUND = told("REFUND", success=False, reason="More than is left")
FAILED_CANCEL = told("CANCELLATION", success=False, reason="No")


def code_of(outcome: Outcome | None) -> str:
    assert isinstance(outcome, Declined)
    return outcome.code


class TestAnyChange:
    @pytest.mark.parametrize("wanted", [CAPTURE, VOID, REFUND])
    def test_that_was_taken_is_waited_for(self, wanted: GatewayCall) -> None:
        assert verdict(wanted) == Accepted(reference="MOD1")

    @pytest.mark.parametrize("wanted", [CAPTURE, VOID, REFUND])
    def test_whose_answer_was_lost_is_not_known(self, wanted: GatewayCall) -> None:
        assert verdict(replace(wanted, reference="")) is None

    @pytest.mark.parametrize(
        ("wanted", "event"), [(CAPTURE, "CAPTURE"), (VOID, "CANCELLATION"), (REFUND, "REFUND")]
    )
    def test_is_found_by_our_own_name_for_it(self, wanted: GatewayCall, event: str) -> None:
        news = told(event, "MOD9", operation=str(OURS))
        assert verdict(replace(wanted, reference=""), news) == Done(reference="MOD9")


class TestACapture:
    @pytest.mark.parametrize("reference", ["", "DESK1"])
    def test_made_there_in_parts_is_their_sum_however_often_it_is_looked_for(
        self, reference: str
    ) -> None:
        parts = told("CAPTURE", "DESK1", value=600), told("CAPTURE", "DESK2", value=600)
        found = verdict(replace(CAPTURE, reference=reference), *parts)
        assert found == Done(reference="DESK1", charged=Money(1200, "EUR"))

    def test_of_ours_is_not_added_to_what_was_made_there(self) -> None:
        ours, other = told("CAPTURE", operation=str(OURS)), told("CAPTURE", "DESK2", value=600)
        assert verdict(CAPTURE, ours, other) == Done(reference="MOD1")

    def test_is_done_once_it_was_told(self) -> None:
        assert verdict(CAPTURE, told("CAPTURE")) == Done(reference="MOD1")

    def test_that_was_refused_is_declined(self) -> None:
        refused = verdict(CAPTURE, FAILED_CAPTURE)
        assert code_of(refused) == "capture_refused"
        assert isinstance(refused, Declined)
        assert refused.provider_code == "Refused"

    def test_that_failed_later_is_declined(self) -> None:
        later = told("CAPTURE_FAILED")
        assert code_of(verdict(CAPTURE, told("CAPTURE"), later)) == "capture_failed"
        assert code_of(verdict(CAPTURE, later, told("CAPTURE"))) == "capture_failed"

    def test_of_which_only_the_failure_is_left_is_declined(self) -> None:
        assert code_of(verdict(CAPTURE, told("CAPTURE_FAILED"))) == "capture_failed"

    def test_that_failed_later_under_another_name_is_declined(self) -> None:
        later = told("CAPTURE_FAILED", "MOD7")
        assert code_of(verdict(CAPTURE, told("CAPTURE"), later)) == "capture_failed"

    def test_of_another_amount_tells_how_much_was_charged(self) -> None:
        part = Done(reference="MOD8", charged=Money(600, "EUR"))
        assert verdict(CAPTURE, FAILED_CAPTURE, told("CAPTURE", "MOD8", value=600)) == part

    def test_made_in_parts_by_somebody_else_is_their_sum(self) -> None:
        first, second = told("CAPTURE", "A", value=600), told("CAPTURE", "B", value=300)
        both = Done(reference="A", charged=Money(900, "EUR"))
        assert verdict(CAPTURE, FAILED_CAPTURE, first, second) == both

    def test_in_several_currencies_is_told_by_the_one_that_is_not_ours(self) -> None:
        dollars = told("CAPTURE", "B", currency="USD")
        found = verdict(replace(CAPTURE, reference=""), told("CAPTURE", "A"), dollars)
        assert found == Done(reference="A", charged=Money(1000, "USD"))

    def test_in_a_currency_that_nobody_knows_cannot_be_told(self) -> None:
        with pytest.raises(GatewayMisused, match="XXL"):
            verdict(replace(CAPTURE, reference=""), told("CAPTURE", "B", currency="XXL"))

    def test_by_somebody_else_counts_as_ours(self) -> None:
        by_hand = told("CAPTURE", "MOD8")
        assert verdict(CAPTURE, FAILED_CAPTURE, by_hand) == Done(reference="MOD8")
        assert verdict(replace(CAPTURE, reference=""), by_hand) == Done(reference="MOD8")

    @pytest.mark.parametrize(
        ("event", "code"), [("CANCELLATION", "canceled"), ("EXPIRE", "authorization_expired")]
    )
    def test_of_what_is_gone_says_why(self, event: str, code: str) -> None:
        assert code_of(verdict(CAPTURE, FAILED_CAPTURE, told(event, "E1"))) == code


class TestAVoid:
    @pytest.mark.parametrize("event", ["CANCELLATION", "TECHNICAL_CANCEL", "EXPIRE"])
    def test_is_done_when_the_authorisation_is_gone(self, event: str) -> None:
        assert verdict(VOID, told(event, "C1")) == Done(
            reference="C1", has_expired=event == "EXPIRE"
        )

    def test_is_done_by_a_reversal_that_cancelled(self) -> None:
        news = told("CANCEL_OR_REFUND", "C1", action="cancel")
        assert verdict(VOID, news) == Done(reference="C1")
        assert verdict(VOID, replace_action(news)) == Accepted(reference="MOD1")

    def test_of_what_was_charged_says_so(self) -> None:
        assert code_of(verdict(VOID, told("CAPTURE", "C1"), FAILED_CANCEL)) == ALREADY_CAPTURED
        assert code_of(verdict(replace(VOID, reference=""), told("CAPTURE", "C1"))) == (
            ALREADY_CAPTURED
        )

    def test_of_what_adyen_calls_captured_says_so(self) -> None:
        refused = told("CANCELLATION", success=False, reason="Transaction already Captured")
        assert code_of(verdict(VOID, refused)) == ALREADY_CAPTURED

    def test_of_a_charge_that_did_not_last_is_an_ordinary_refusal(self) -> None:
        news = (told("CAPTURE", "C1"), told("CAPTURE_FAILED", "C1"), FAILED_CANCEL)
        assert code_of(verdict(VOID, *news)) == "cancel_refused"

    def test_that_found_nothing_to_cancel_is_done(self) -> None:
        nothing = told("TECHNICAL_CANCEL", success=False, reason="Payment not found")
        assert verdict(VOID, nothing) == Done(reference="MOD1")
        refused = verdict(VOID, told("AUTHORISATION", "PSP1"), nothing)
        assert code_of(refused) == "cancel_refused"


class TestARefund:
    def test_is_done_once_it_was_told(self) -> None:
        assert verdict(REFUND, told("REFUND")) == Done(reference="MOD1")

    def test_of_which_only_another_was_told_is_waited_for(self) -> None:
        assert verdict(REFUND, told("REFUND", "MOD2")) == Accepted(reference="MOD1")

    def test_that_was_refused_is_declined(self) -> None:
        assert code_of(verdict(REFUND, FAILED_REFUND)) == "refund_refused"

    @pytest.mark.parametrize("event", ["REFUND_FAILED", "REFUNDED_REVERSED"])
    def test_that_came_back_is_declined(self, event: str) -> None:
        assert code_of(verdict(REFUND, told("REFUND"), told(event))) == "refund_failed"

    @pytest.mark.parametrize("event", ["REFUND_FAILED", "REFUNDED_REVERSED"])
    def test_of_which_only_the_failure_is_left_is_declined(self, event: str) -> None:
        assert code_of(verdict(REFUND, told(event))) == "refund_failed"

    def test_is_not_undone_by_the_failure_of_another(self) -> None:
        news = (told("REFUND"), told("REFUND", "MOD2"), told("REFUND_FAILED", "MOD2"))
        assert verdict(REFUND, *news) == Done(reference="MOD1")

    def test_that_left_nothing_because_somebody_else_made_it_is_done(self) -> None:
        by_hand = told("REFUND", "MOD5")
        assert verdict(REFUND, by_hand, FAILED_REFUND) == Done(reference="MOD5")

    @pytest.mark.parametrize(
        "others",
        [
            [told("REFUND", "MOD5", value=10)],
            [told("REFUND", "MOD5", operation=str(PAYMENT_ID))],
            [told("REFUND", "MOD5"), told("REFUND_FAILED", "MOD5")],
            [told("REFUND", "MOD5"), told("REFUND", "MOD6")],
        ],
    )
    def test_that_somebody_else_did_not_make_is_declined(self, others: list[Told]) -> None:
        assert code_of(verdict(REFUND, *others, FAILED_REFUND)) == "refund_refused"

    def test_by_a_reversal_is_one_by_somebody_else(self) -> None:
        reversal = told("CANCEL_OR_REFUND", "MOD5", action="refund")
        assert verdict(REFUND, reversal, FAILED_REFUND) == Done(reference="MOD5")


class TestAnAuthorisation:
    def test_is_done_once_it_was_told(self) -> None:
        news = told("AUTHORISATION", "PSP1", brand="visa", last4="1111")
        assert verdict(AUTHORIZE, news) == Done(reference="PSP1", brand="visa", last4="1111")

    def test_of_a_part_of_the_amount_is_left_to_the_call(self) -> None:
        assert verdict(AUTHORIZE, told("AUTHORISATION", "PSP1", value=500)) is None

    def test_that_was_refused_is_declined_by_its_reason(self) -> None:
        refused = told("AUTHORISATION", "PSP1", success=False, reason="Not enough balance")
        assert code_of(verdict(AUTHORIZE, refused)) == "insufficient_funds"
        assert verdict(AUTHORIZE, refused, told("AUTHORISATION", "PSP2")) == Done(reference="PSP2")

    def test_that_was_called_off_since_is_declined(self) -> None:
        news = (told("AUTHORISATION", "PSP1"), told("TECHNICAL_CANCEL", "C1"))
        assert code_of(verdict(AUTHORIZE, *news)) == "canceled"

    def test_is_not_told_by_other_news(self) -> None:
        assert verdict(AUTHORIZE, told("CHARGEBACK", "CB1")) is None


def replace_action(news: Told) -> Told:
    """The same news of a reversal that refunded."""
    return Told(
        event=news.event,
        success=True,
        psp_reference=news.psp_reference,
        original_reference=news.original_reference,
        value=news.value,
        currency=news.currency,
        action="refund",
    )
