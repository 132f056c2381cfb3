"""What each way an attempt can end means for its call and its payment, before anything is stored."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.identifiers import OrderId, new_id
from apps.kernel.money import Money
from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    NothingHappened,
    NotKnown,
    NotMade,
    Refused,
    Result,
)
from apps.payments.services.changes import Changes
from apps.payments.services.gateway_rules import apply_result, is_action_over

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AUTHORIZE, CAPTURE, VOID = OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.VOID
RENEW = OperationKind.RENEW


def payment(status: str = "authorized", **values: object) -> Payment:
    return Payment(
        status=status,
        order_id=OrderId(new_id()),
        amount_minor=1000,
        currency="EUR",
        provider="stripe",
        **values,
    )


def operation(kind: OperationKind, of: Payment, **values: object) -> PaymentOperation:
    """Give a call for all of a payment, tried once."""
    given: dict[str, object] = {
        "amount_minor": of.amount_minor,
        "created_at": NOON,
        "next_at": NOON,
        "attempts": 1,
        **values,
    }
    return PaymentOperation(
        payment=of,
        kind=kind,
        state=OperationState.IN_FLIGHT,
        actor="service:test",
        correlation_id=uuid.uuid4(),
        causation_id="request:test",
        region="test",
        **given,
    )


def applied(call: PaymentOperation, result: Result, now: datetime = NOON) -> Changes:
    changes = Changes(now=now)
    apply_result(call, call.payment, result, changes)
    return changes


def moved(changes: Changes) -> list[tuple[str, str, int]]:
    return [(one.from_account, one.to_account, one.amount_minor) for one in changes.entries]


def facts(changes: Changes) -> list[str]:
    return [type(one.event).__name__ for one in changes.facts]


class TestAnAuthorisation:
    def test_that_is_done_holds_the_money(self) -> None:
        one = payment("pending")
        call = operation(AUTHORIZE, one)
        done = Done(reference="pi_1", brand="visa", last4="4242", held_until=NOON + DAY)
        changes = applied(call, done)
        assert (call.state, call.reference) == ("succeeded", "pi_1")
        assert (one.status, one.authorization, one.last4) == ("authorized", "pi_1", "4242")
        assert one.authorized_until == NOON + DAY
        assert moved(changes) == [(Account.CUSTOMER, Account.AUTHORISED, 1000)]
        assert facts(changes) == ["PaymentAuthorized"]
        assert changes.wishes == []

    @pytest.mark.parametrize(
        ("provider", "days"), [("stripe", 7), ("paypal", 29), ("gone_since", 3)]
    )
    def test_is_held_for_as_long_as_is_known_where_the_provider_says_nothing(
        self, provider: str, days: int
    ) -> None:
        one = payment("pending")
        one.provider = provider
        applied(operation(AUTHORIZE, one), Done(reference="x"))
        assert one.authorized_until == NOON + timedelta(days=days)

    def test_that_nobody_wants_any_more_is_let_go_and_told_to_nobody(self) -> None:
        one = payment("requires_action", is_unwanted=True)
        changes = applied(operation(AUTHORIZE, one), Done(reference="x"))
        assert one.status == "authorized"
        assert facts(changes) == []
        assert [(wish.kind, wish.only_looks) for wish in changes.wishes] == [(None, False)]

    def test_may_wait_for_its_customer(self) -> None:
        one = payment("pending")
        call = operation(AUTHORIZE, one)
        changes = applied(call, ActionRequired(reference="pi_1", redirect_url="https://bank/"))
        assert (call.state, one.status) == ("waiting", "requires_action")
        assert (one.action_url, one.authorization) == ("https://bank/", "pi_1")
        assert call.next_at == one.action_expires_at
        assert one.action_expires_at is not None
        assert one.action_expires_at > NOON
        assert facts(changes) == ["PaymentActionRequired"]

    def test_that_waits_already_gives_its_customer_no_more_time(self) -> None:
        one = payment("requires_action", action_expires_at=NOON + DAY)
        call = operation(AUTHORIZE, one)
        changes = applied(call, ActionRequired(reference="pi_1", redirect_url="https://bank/"))
        assert (call.state, call.next_at) == ("waiting", NOON + DAY)
        assert (facts(changes), changes.steps) == ([], [])

    @pytest.mark.parametrize(
        ("is_unwanted", "over_at", "code"),
        [
            (True, NOON + DAY, "cancelled"),
            (True, NOON - DAY, "cancelled"),
            (False, NOON, "action_expired"),
        ],
    )
    def test_waits_no_longer_than_it_may(
        self, is_unwanted: bool, over_at: datetime, code: str
    ) -> None:
        one = payment("requires_action", is_unwanted=is_unwanted, action_expires_at=over_at)
        call = operation(AUTHORIZE, one)
        changes = applied(call, ActionRequired(reference="pi_1", redirect_url="https://bank/"))
        assert (call.state, call.error_code) == ("failed", code)
        assert len(changes.wishes) == 1

    @pytest.mark.parametrize(
        ("result", "state", "code"),
        [
            (Declined(code="c" * 65, detail="No."), "declined", "c" * 64),
            (Refused(code="gateway_misused", detail="Ours."), "failed", "gateway_misused"),
            (NotMade(), "failed", "cancelled"),
            (NothingHappened(code="away"), "failed", "away"),
        ],
        ids=["declined", "refused", "not made", "not there"],
    )
    def test_that_nobody_wants_fails_whatever_the_reason(
        self, result: Result, state: str, code: str
    ) -> None:
        one = payment("pending", is_unwanted=True)
        call = operation(AUTHORIZE, one)
        changes = applied(call, result)
        assert (call.state, call.error_code, one.status) == (state, code, "failed")
        assert facts(changes) == ["PaymentFailed"]

    def test_tells_no_more_of_a_decline_than_its_holder_may_learn(self) -> None:
        one = payment("pending", is_unwanted=True)
        call = operation(AUTHORIZE, one)
        applied(call, Declined(code="stolen_card", detail="No.", provider_code="stolen_card"))
        assert (call.error_code, call.provider_code) == ("stolen_card", "stolen_card")
        assert one.failure_code == "declined"


class TestACharge:
    @pytest.mark.parametrize(
        ("asked", "charged", "taken"),
        [
            (1000, None, 1000),
            (600, None, 600),
            (1000, Money(600, "EUR"), 600),
            (600, Money(1000, "EUR"), 1000),
            (1000, Money(1, "EUR"), 1),
        ],
    )
    def test_is_booked_as_it_was_made_and_the_rest_released(
        self, asked: int, charged: Money | None, taken: int
    ) -> None:
        one = payment()
        call = operation(CAPTURE, one, amount_minor=asked)
        changes = applied(call, Done(reference="ch_1", charged=charged))
        assert (one.status, one.captured_minor, call.amount_minor) == ("captured", taken, taken)
        released = [(Account.AUTHORISED, Account.CUSTOMER, 1000 - taken)] if taken < 1000 else []
        assert moved(changes) == [(Account.AUTHORISED, Account.PROVIDER, taken), *released]
        assert facts(changes) == ["PaymentCaptured"]
        is_theirs = any("made at the provider" in step.what for step in changes.steps)
        assert is_theirs is (charged is not None)

    @pytest.mark.parametrize(
        "charged", [Money(1001, "EUR"), Money(0, "EUR"), Money(-1, "EUR"), Money(1000, "USD")]
    )
    def test_that_does_not_fit_waits_for_a_person(self, charged: Money) -> None:
        one = payment()
        call = operation(CAPTURE, one)
        changes = applied(call, Done(reference="ch_1", charged=charged))
        assert (call.state, call.reference, one.status) == ("waiting", "ch_1", "authorized")
        assert (moved(changes), facts(changes)) == ([], [])
        assert "does not fit" in changes.steps[0].what
        again = applied(call, Done(reference="ch_1", charged=charged))
        assert again.steps == [], "it is said once"

    def test_of_an_order_that_is_called_off_goes_back(self) -> None:
        one = payment(is_unwanted=True)
        changes = applied(operation(CAPTURE, one), Done(reference="ch_1"))
        assert one.to_refund_minor == 1000
        assert len(changes.wishes) == 1

    def test_that_fails_once_nobody_wants_it_lets_the_money_go(self) -> None:
        one = payment(is_unwanted=True)
        changes = applied(operation(CAPTURE, one), Declined(code="expired_card", detail="No."))
        assert one.status == "authorized"
        assert (facts(changes), len(changes.wishes)) == ([], 1)

    @given(asked=st.integers(1, 1000), taken=st.none() | st.integers(1, 1000))
    def test_leaves_nothing_on_hold(self, asked: int, taken: int | None) -> None:
        one = payment("pending")
        charged = None if taken is None else Money(taken, "EUR")
        entries = moved(applied(operation(AUTHORIZE, one), Done(reference="a"))) + moved(
            applied(
                operation(CAPTURE, one, amount_minor=asked), Done(reference="c", charged=charged)
            )
        )
        held: Counter[str] = Counter()
        for source, target, amount in entries:
            assert amount > 0
            held[source] -= amount
            held[target] += amount
        assert held[Account.AUTHORISED] == 0
        assert held[Account.PROVIDER] == one.captured_minor == -held[Account.CUSTOMER]


class TestAVoid:
    @pytest.mark.parametrize(
        ("has_expired", "what"), [(False, "Voided"), (True, "Authorisation expired")]
    )
    def test_gives_the_money_free_and_says_whether_it_ran_out(
        self, has_expired: bool, what: str
    ) -> None:
        one = payment(undo_at=NOON)
        changes = applied(operation(VOID, one), Done(reference="x", has_expired=has_expired))
        assert (one.status, one.undo_at, changes.steps[0].what) == ("voided", None, what)
        assert moved(changes) == [(Account.AUTHORISED, Account.CUSTOMER, 1000)]
        (fact,) = changes.facts
        assert fact.event.has_expired is has_expired  # type: ignore[attr-defined]

    def test_of_what_nobody_approved_fails_the_payment(self) -> None:
        one = payment("requires_action", is_unwanted=True)
        changes = applied(operation(VOID, one), Done(reference="x"))
        assert (one.status, one.failure_code) == ("failed", "cancelled")
        assert moved(changes) == [], "nothing was held"

    def test_of_what_failed_meanwhile_changes_nothing(self) -> None:
        one = payment("failed")
        changes = applied(operation(VOID, one), Done(reference="x"))
        assert (changes.steps, changes.facts, changes.entries) == ([], [], [])

    def test_that_comes_upon_a_charge_has_that_looked_for(self) -> None:
        one = payment(undo_at=NOON)
        changes = applied(operation(VOID, one), Declined(code="already_captured", detail="Late."))
        assert one.undo_at is None
        assert [(wish.kind, wish.only_looks) for wish in changes.wishes] == [(CAPTURE, True)]
        assert facts(changes) == []


class TestARenewal:
    def test_that_is_done_holds_the_money_for_longer(self) -> None:
        one = payment(authorization="a1", authorized_until=NOON + DAY, is_ending_known=True)
        applied(
            operation(RENEW, one),
            Done(reference="a2", authorization="a2", held_until=NOON + 20 * DAY),
        )
        assert (one.authorization, one.authorized_until) == ("a2", NOON + 20 * DAY)
        assert not one.is_ending_known

    def test_of_an_order_that_was_called_off_is_let_go(self) -> None:
        one = payment(is_unwanted=True, authorized_until=NOON + DAY)
        changes = applied(operation(RENEW, one), Done(reference="a2", held_until=NOON + 20 * DAY))
        assert len(changes.wishes) == 1

    @pytest.mark.parametrize(("hours", "state"), [(11, "unknown"), (12, "failed"), (20, "failed")])
    def test_is_given_up_at_half_of_the_time_that_was_left(self, hours: int, state: str) -> None:
        one = payment(is_unwanted=True, authorized_until=NOON + DAY)
        call = operation(RENEW, one)
        applied(call, NotKnown(), now=NOON + timedelta(hours=hours))
        assert call.state == state
        if state == "failed":
            assert call.error_code == "time_over"
        else:
            assert call.next_at <= NOON + timedelta(hours=12)

    def test_that_is_done_after_that_counts_all_the_same(self) -> None:
        one = payment(authorized_until=NOON + DAY)
        call = operation(RENEW, one)
        applied(call, Done(reference="a2", held_until=NOON + 9 * DAY), now=NOON + DAY)
        assert (call.state, one.authorized_until) == ("succeeded", NOON + 9 * DAY)


class TestAnOutcomeThatIsOpen:
    @pytest.mark.parametrize("kind", OperationKind)
    def test_is_looked_up_soon_and_changes_nothing(self, kind: OperationKind) -> None:
        one = payment()
        call = operation(kind, one)
        changes = applied(call, NotKnown())
        assert (call.state, one.status) == ("unknown", "authorized")
        assert call.next_at >= NOON + timedelta(seconds=2)
        assert (changes.steps, changes.facts, changes.entries, changes.wishes) == ([], [], [], [])

    @pytest.mark.parametrize(("attempts", "least", "most"), [(1, 30, 60), (60, 10_800, 21_600)])
    def test_that_the_provider_is_to_tell_is_asked_for_ever_more_rarely(
        self, attempts: int, least: int, most: int
    ) -> None:
        call = operation(CAPTURE, payment(), attempts=attempts)
        applied(call, Accepted(reference="cap_1"))
        assert call.state == "waiting"
        assert timedelta(seconds=least) <= call.next_at - NOON <= timedelta(seconds=most)

    def test_is_noted_once_for_each_name_that_the_provider_gives_it(self) -> None:
        call = operation(CAPTURE, payment())
        steps = [len(applied(call, Accepted(reference=name)).steps) for name in ("a", "a", "b")]
        assert steps == [1, 0, 1]


class TestACallThatWasNotMade:
    @pytest.mark.parametrize("attempts", [1, 3, 1000])
    def test_is_made_again_after_a_while_that_grows_to_a_limit(self, attempts: int) -> None:
        call = operation(CAPTURE, payment(), attempts=attempts)
        applied(call, NothingHappened(code="stripe_unreachable"))
        assert (call.state, call.error_code) == ("pending", "stripe_unreachable")
        assert timedelta(0) < call.next_at - NOON <= timedelta(minutes=1)

    @pytest.mark.parametrize("kind", [VOID, OperationKind.REFUND])
    def test_gives_money_back_for_as_long_as_it_takes(self, kind: OperationKind) -> None:
        one = payment(is_unwanted=True)
        call = operation(kind, one)
        applied(call, NothingHappened(code="away"), now=NOON + 400 * DAY)
        assert call.state == "pending"

    def test_charges_for_as_long_as_somebody_wants_it(self) -> None:
        call = operation(CAPTURE, payment())
        applied(call, NothingHappened(code="away"), now=NOON + 2 * DAY)
        assert call.state == "pending"


@pytest.mark.parametrize(
    ("expires_at", "is_over"),
    [(None, False), (NOON + timedelta(seconds=1), False), (NOON, True), (NOON - DAY, True)],
)
def test_the_time_to_approve_is_over_when_it_says_so(
    expires_at: datetime | None, is_over: bool
) -> None:
    assert is_action_over(Payment(action_expires_at=expires_at), NOON) is is_over
