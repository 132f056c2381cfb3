"""Refunds of one order in any sequence: by units, by amount, all that is left, failed and come back.

The order's rules say what may be asked for, the payment's say what goes back, as in the shop; what
providers answer is drawn. No database.
"""

import uuid
from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.kernel.identifiers import OrderId, PaymentId
from apps.kernel.money import Money
from apps.orders.domain.refunds import BoughtLine, RefundedLine, amount_to_refund, refunded_lines
from apps.orders.domain.refusals import InvalidRefund
from apps.orders.domain.totals import Totals
from apps.payments.models import Payment, PaymentStatus

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NONE_BACK = st.just(0)


class RefundsOfAnOrder(RuleBasedStateMachine):
    """An order that is paid, with goods, discount, shipping and tax, of which money goes back."""

    @initialize(
        goods=st.lists(
            st.tuples(st.integers(1, 12), st.integers(0, 30_000)), min_size=1, max_size=5
        ),
        shipping=st.integers(0, 2_000),
        tax=st.integers(0, 9_000),
        discount=st.fractions(0, 1),
        uncharged=st.one_of(st.just(Fraction(0)), st.fractions(0, 1)),
    )
    def buy(
        self,
        goods: list[tuple[int, int]],
        shipping: int,
        tax: int,
        discount: Fraction,
        uncharged: Fraction,
    ) -> None:
        """Pay for it; the discount takes a part of all the rest, and of the total some may stay uncharged."""
        items = sum(quantity * price for quantity, price in goods)
        totals = Totals(
            items_minor=items,
            discounts_minor=int(discount * (items + shipping + tax)),
            shipping_minor=shipping,
            tax_minor=tax,
        )
        self.goods = goods
        self.total = Money(totals.grand_minor, "EUR")
        self.captured = totals.grand_minor - int(uncharged * totals.grand_minor)
        self.payment = Payment(
            id=PaymentId(uuid.uuid4()),
            order_id=OrderId(uuid.uuid4()),
            amount_minor=totals.grand_minor,
            currency="EUR",
            created_at=NOW,
            updated_at=NOW,
        )
        self.payment.authorize(reference="pi_1", brand="visa", last4="4242")
        self.payment.capture(amount_minor=self.captured)
        self.asked: list[int] = []
        self.lines: list[RefundedLine] = []
        self.made: list[int] = []

    @property
    def left(self) -> Money:
        """What may still be asked for."""
        return Money(self.captured - sum(self.asked), "EUR")

    def bought(self) -> list[BoughtLine]:
        """Give the lines of the order with what was asked back of them."""
        return [
            BoughtLine(
                position=nth,
                sku=f"S{nth}",
                quantity=quantity,
                unit_price_minor=price,
                returned=sum(one.quantity for one in self.lines if one.position == nth),
            )
            for nth, (quantity, price) in enumerate(self.goods)
        ]

    def ask(self, amount_minor: int | None, lines: list[RefundedLine] | None = None) -> bool:
        """Ask for money; False, and nothing changed, where the order refuses."""
        left = self.left
        try:
            amount = amount_to_refund(amount_minor=amount_minor, lines=lines, left=left)
        except InvalidRefund:
            if lines is not None:
                amount_minor = sum(one.amount_minor for one in lines)
            assert amount_minor is None or not 0 < amount_minor <= left.amount_minor
            return False
        self.asked.append(amount.amount_minor)
        self.lines += lines or []
        self.payment.refund_wanted_minor = sum(self.asked)
        return True

    @rule(data=st.data())
    def ask_for_units(self, data: st.DataObject) -> None:
        """Ask for some units, of one line or of several."""
        bought = self.bought()
        wanted = {
            line.sku: units
            for line in bought
            if (units := data.draw(NONE_BACK | st.integers(0, line.quantity - line.returned)))
        }
        found = refunded_lines(bought, wanted, total=self.total)
        assert {one.sku: one.quantity for one in found} == wanted
        self.ask(None, found)

    @rule(data=st.data())
    def ask_for_more_units_than_there_are(self, data: st.DataObject) -> None:
        """Ask for one unit too many."""
        line = data.draw(st.sampled_from(self.bought()))
        try:
            refunded_lines(
                self.bought(), {line.sku: line.quantity - line.returned + 1}, total=self.total
            )
        except InvalidRefund:
            return
        raise AssertionError("more units went back than were bought")

    @rule(part=st.fractions(0, 1))
    def ask_for_an_amount(self, part: Fraction) -> None:
        """Ask for a part of what is left."""
        self.ask(int(part * self.left.amount_minor))

    @rule(over=st.integers(1, 1_000))
    def ask_for_too_much(self, over: int) -> None:
        """Ask for more than is left."""
        assert not self.ask(self.left.amount_minor + over)

    @rule()
    def ask_for_the_rest(self) -> None:
        """Ask for all that is left."""
        if self.ask(None):
            assert self.left.amount_minor == 0

    @precondition(lambda self: self.payment.to_refund_minor)
    @rule(succeeds=st.booleans())
    def pay_back(self, succeeds: bool) -> None:
        """Have the provider asked for what is missing; where it fails, that goes on to be missing."""
        amount = self.payment.to_refund_minor
        if not succeeds:
            return
        self.made.append(amount)
        self.payment.refunded_minor += amount
        if self.payment.refunded_minor == self.captured:
            self.payment.refund_whole()
        else:
            self.payment.refund_part()

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        """Have a refund not reach the customer: it is owed again."""
        amount = self.made.pop(data.draw(st.integers(0, len(self.made) - 1)))
        owed = self.payment.to_refund_minor
        self.payment.refunded_minor -= amount
        if self.payment.refunded_minor:
            self.payment.doubt_a_refund()
        else:
            self.payment.doubt_the_refund()
        assert self.payment.to_refund_minor == owed + amount

    @invariant()
    def sums_are_exact(self) -> None:
        """Nothing goes back that was not asked for, and nothing is asked for that was not charged."""
        assert 0 <= sum(self.made) <= sum(self.asked) <= self.captured
        assert self.payment.refunded_minor == sum(self.made)
        assert self.payment.to_refund_minor == sum(self.asked) - sum(self.made)
        assert all(one.amount_minor >= 0 for one in self.lines)

    @invariant()
    def units_are_worth_their_share(self) -> None:
        """Units of a line give back their part of all that the order cost, to the cent, in any steps."""
        items = sum(quantity * price for quantity, price in self.goods)
        units = sum(quantity for quantity, _ in self.goods)
        for line in self.bought():
            part = (
                Fraction(line.unit_price_minor * line.returned, items)
                if items
                else Fraction(line.returned, units)
            )
            back = sum(one.amount_minor for one in self.lines if one.position == line.position)
            # Half a cent by sharing among lines, one by sharing among units.
            assert abs(back - part * self.total.amount_minor) < 2

    def teardown(self) -> None:
        """Have all units, then all money go back: that is the whole order, and the whole charge."""
        if not hasattr(self, "payment"):
            return
        bought = self.bought()
        wanted = {line.sku: line.quantity - line.returned for line in bought}
        rest = refunded_lines(bought, wanted, total=self.total)
        assert sum(one.amount_minor for one in (*self.lines, *rest)) == self.total.amount_minor
        self.ask(None)
        if self.payment.to_refund_minor:
            self.pay_back(succeeds=True)
        assert sum(self.made) == sum(self.asked) == self.captured
        if self.captured:
            assert self.payment.status == PaymentStatus.REFUNDED


class TestRefundsOfAnOrder:
    def test_come_out_to_the_cent_in_any_sequence(self) -> None:
        run_state_machine_as_test(
            RefundsOfAnOrder, settings=settings(max_examples=60, stateful_step_count=25)
        )
