"""What each way an attempt can end means for its call and its payment, before anything is stored."""

from datetime import datetime, timedelta

import pytest

from apps.payments.domain.accounts import Account
from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment
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
from apps.payments.services.gateway_rules import is_action_over
from tests.unit.payments.applying import (
    AUTHORIZE,
    CAPTURE,
    DAY,
    NOON,
    VOID,
    applied,
    facts,
    moved,
    operation,
    payment,
)


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
