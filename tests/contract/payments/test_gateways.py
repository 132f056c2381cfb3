"""What every gateway promises, asked of each of them."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.kernel.money import Money
from apps.payments.adapters.registry import GATEWAYS, list_gates
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    NOT_OFFERED,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayUnavailable,
    MessageRefused,
    OutcomeUnknown,
)
from tests.contract.payments.conftest import make_call
from tests.contract.payments.providers import (
    NOW,
    PAYMENT_ID,
    Provider,
    open_provider,
    sandbox_provider,
)


@pytest.fixture(params=["sandbox", "stripe", "adyen", "paypal"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider in turn."""
    return open_provider(request)


class TestTheSuite:
    def test_asks_every_gateway_there_is(self) -> None:
        assert set(GATEWAYS) == {"sandbox", "stripe", "adyen", "paypal"}


class TestAWayToPay:
    @pytest.mark.parametrize(
        ("provider", "method"),
        [(name, method) for name, entry in GATEWAYS.items() for method in sorted(entry.methods)],
        indirect=["provider"],
    )
    def test_that_a_gateway_takes_is_taken(self, provider: Provider, method: str) -> None:
        token = provider.apple_pay if method == "apple_pay" else provider.approved

        done = provider.gateway.perform(make_call(token=token, method_type=method))

        assert isinstance(done, Done)
        assert (done.brand, done.last4) == provider.card


class TestAuthorising:
    def test_reserves_the_money_and_names_the_card(self, provider: Provider) -> None:
        done = provider.gateway.perform(make_call(token=provider.approved))

        assert isinstance(done, Done)
        assert done.reference
        assert (done.brand, done.last4) == provider.card

    def test_again_with_its_key_gives_the_same_answer(self, provider: Provider) -> None:
        call = make_call(token=provider.approved)

        assert provider.gateway.perform(call) == provider.gateway.perform(call)

    def test_of_two_payments_gives_two_references(self, provider: Provider) -> None:
        first = provider.gateway.perform(make_call(token=provider.approved))
        second = provider.gateway.perform(make_call(token=provider.approved))

        assert isinstance(first, Done)
        assert isinstance(second, Done)
        assert first.reference != second.reference

    def test_takes_currencies_with_two_no_and_three_decimals(self, provider: Provider) -> None:
        for currency in provider.currencies:
            call = make_call(token=provider.approved, amount=Money(12990, currency))

            assert isinstance(provider.gateway.perform(call), Done), currency


class TestADecline:
    def test_is_an_answer_with_a_sentence_for_the_customer(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.declined))

        assert isinstance(answer, Declined)
        codes, sentence = provider.says_no
        assert answer.code in codes
        assert answer.detail.startswith(sentence)

    def test_keeps_the_providers_own_code(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.declined))

        assert isinstance(answer, Declined)
        assert answer.provider_code == provider.own_code

    def test_for_lack_of_money_says_so(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.without_funds))

        assert isinstance(answer, Declined)
        assert (answer.code, answer.detail) == provider.says_no_funds

    def test_again_with_its_key_is_the_same_decline(self, provider: Provider) -> None:
        call = make_call(token=provider.declined)

        assert provider.gateway.perform(call) == provider.gateway.perform(call)


class TestAPaymentThatNeedsTheCustomer:
    def test_names_a_page_to_go_to(self, provider: Provider) -> None:
        answer = provider.gateway.perform(make_call(token=provider.needs_action))

        assert isinstance(answer, ActionRequired)
        assert answer.reference
        assert answer.redirect_url.startswith("http://")

    def test_can_be_voided_before_the_customer_has_decided(self, provider: Provider) -> None:
        call = make_call(token=provider.needs_action)
        answer = provider.gateway.perform(call)
        assert isinstance(answer, ActionRequired)

        voided = provider.settle(
            make_call(OperationKind.VOID, of=call, authorization=answer.reference)
        )

        assert isinstance(voided, Done)


class TestALostAnswer:
    def test_leaves_the_outcome_open_until_it_is_looked_up(self, provider: Provider) -> None:
        call = make_call(token=provider.losing_token)

        with provider.losing_answers(), pytest.raises(OutcomeUnknown):
            provider.gateway.perform(call)

        found = provider.gateway.look_up(call) or provider.gateway.perform(call)
        assert isinstance(found, Done)
        assert (found.brand, found.last4) == provider.card


class TestAnOutage:
    def test_means_that_nothing_happened(self, provider: Provider) -> None:
        with pytest.raises(GatewayUnavailable):
            provider.unreachable.perform(make_call(token=provider.unreachable_token))


class TestWhatFollowsAnAuthorisation:
    @pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.VOID])
    def test_is_done_once_however_often_it_is_asked(
        self, provider: Provider, kind: OperationKind
    ) -> None:
        call = make_call(token=provider.approved)
        authorized = provider.gateway.perform(call)
        assert isinstance(authorized, Done)
        following = make_call(kind, of=call, authorization=authorized.reference)

        first = provider.settle(following)

        assert isinstance(first, Done)
        assert provider.settle(following) == first

    def test_refunds_what_was_captured(self, provider: Provider) -> None:
        call = make_call(token=provider.approved)
        authorized = provider.gateway.perform(call)
        assert isinstance(authorized, Done)
        reference = authorized.reference
        captured = provider.settle(
            make_call(OperationKind.CAPTURE, of=call, authorization=reference)
        )
        assert isinstance(captured, Done)
        refund = make_call(
            OperationKind.REFUND, of=call, authorization=reference, charge=captured.reference
        )

        refunded = provider.settle(refund)

        assert isinstance(refunded, Done)
        assert refunded.reference != reference
        assert provider.settle(refund) == refunded


class TestARenewal:
    def test_is_made_once_however_often_it_is_asked(self, provider: Provider) -> None:
        renewal = _renewal(provider)

        first = provider.settle(renewal)

        assert provider.settle(renewal) == first
        if provider.renews:
            assert isinstance(first, Done)
        else:
            assert isinstance(first, Declined)
            assert first.code == NOT_OFFERED
            assert provider.gateway.look_up(renewal) == first

    @pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.VOID])
    def test_leaves_an_authorisation_that_can_be_charged_or_let_go(
        self, provider: Provider, kind: OperationKind
    ) -> None:
        renewal = _renewal(provider)
        ended = provider.settle(renewal)
        renamed = ended.authorization if isinstance(ended, Done) else ""

        following = replace(
            renewal,
            operation_id=OperationId(uuid.uuid4()),
            kind=kind,
            idempotency_key=f"{renewal.payment_id}:{kind}:1",
            authorization=renamed or renewal.authorization,
            first_authorization=renewal.authorization,
        )

        assert isinstance(provider.settle(following), Done)


def _renewal(provider: Provider) -> GatewayCall:
    """Authorise a payment, and give the call that renews it."""
    call = make_call(token=provider.approved)
    authorized = provider.gateway.perform(call)
    assert isinstance(authorized, Done)
    provider.ripen(authorized.reference)
    return make_call(OperationKind.RENEW, of=call, authorization=authorized.reference)


class TestAMessage:
    def test_names_the_payment_it_is_about(self, provider: Provider) -> None:
        headers = provider.sign(provider.message, NOW)

        (message,) = provider.gateway.read_messages(provider.message, headers, NOW)

        assert message.payment_id == PAYMENT_ID
        assert message.reference == provider.reference
        assert message.event_id == provider.event_id

    def test_that_comes_again_carries_the_same_name(self, provider: Provider) -> None:
        later = NOW + timedelta(seconds=90)
        (first,) = provider.gateway.read_messages(
            provider.message, provider.sign(provider.message, NOW), NOW
        )

        (second,) = provider.gateway.read_messages(
            provider.message, provider.sign(provider.message, later), later
        )

        assert first == second

    @pytest.mark.parametrize("spoil", ["body", "signature", "no signature", "empty body"])
    def test_with_a_wrong_signature_is_refused(self, provider: Provider, spoil: str) -> None:
        headers = provider.sign(provider.message, NOW)
        body = provider.message
        match spoil:
            case "body":
                body = body.replace(*provider.spoilt)
                assert body != provider.message
            case "signature":
                headers = {name: value[:-1] + "_" for name, value in headers.items()}
            case "no signature":
                headers = {}
            case _:
                body = b""

        with pytest.raises(MessageRefused):
            provider.gateway.read_messages(body, headers, NOW)

    def test_signed_too_long_ago_is_refused(self, provider: Provider) -> None:
        if not provider.signs_time:
            pytest.skip("its signature carries no time")
        headers = provider.sign(provider.message, NOW - timedelta(seconds=301))

        with pytest.raises(MessageRefused):
            provider.gateway.read_messages(provider.message, headers, NOW)

    def test_that_is_signed_but_unreadable_is_refused(self, provider: Provider) -> None:
        for body in (b"not json", b"[]", b'{"type": "x"}', b"\xff\xfe"):
            with pytest.raises(MessageRefused):
                provider.gateway.read_messages(body, provider.sign(body, NOW), NOW)


class TestRouting:
    def test_leads_to_gates_that_are_worked_off(self, provider: Provider) -> None:
        tokens = (
            provider.approved,
            provider.declined,
            provider.unreachable_token,
            provider.losing_token,
        )

        assert {provider.gateway.route(token) for token in tokens} <= set(list_gates())

    def test_keeps_the_sandbox_s_troubles_apart(self) -> None:
        route = sandbox_provider().gateway.route
        gates = [
            route(token) for token in ("tok_approve", "tok_unavailable", "tok_timeout", "tok_twice")
        ]
        assert len(set(gates)) == 4
