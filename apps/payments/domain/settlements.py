"""What a provider reports of the money it settled, and in what its report may differ from our ledger."""

from dataclasses import dataclass
from enum import StrEnum

from apps.kernel.money import Money


class SettlementKind(StrEnum):
    """What a line of a provider's report is about.

    `…_undone`: what an earlier line reported did not last. `other`: something that we know no
    counterpart of; it is kept and compared with nothing.
    """

    CHARGE = "charge"
    CHARGE_UNDONE = "charge_undone"
    REFUND = "refund"
    REFUND_UNDONE = "refund_undone"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    FEE = "fee"
    OTHER = "other"


class Side(StrEnum):
    """The movements that a report and the ledger both know."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"


SIDES: dict[SettlementKind, tuple[Side, int]] = {
    SettlementKind.CHARGE: (Side.CHARGE, 1),
    SettlementKind.CHARGE_UNDONE: (Side.CHARGE, -1),
    SettlementKind.REFUND: (Side.REFUND, 1),
    SettlementKind.REFUND_UNDONE: (Side.REFUND, -1),
    SettlementKind.DISPUTE: (Side.DISPUTE, 1),
    SettlementKind.DISPUTE_WON: (Side.DISPUTE, -1),
}
"""To which movement a line belongs, and whether it adds to it or takes it back."""


class DifferenceKind(StrEnum):
    """In what report and ledger differ.

    `unknown_payment`: money moved, and no payment of ours is named. `unknown_movement`: the payment
    is ours, the movement is not in its ledger. `missing`: the provider does not report what is in
    the ledger. `fee`: what the provider kept is not what it said before, or more than it may be.
    """

    UNKNOWN_PAYMENT = "unknown_payment"
    UNKNOWN_MOVEMENT = "unknown_movement"
    AMOUNT_DIFFERS = "amount_differs"
    SETTLED_TWICE = "settled_twice"
    MISSING = "missing"
    FEE = "fee"


class DifferenceState(StrEnum):
    """Where a difference stands.

    `explained`: it closed by itself, since report and ledger agree by now. `settled`: a person has
    said why it may stay.
    """

    OPEN = "open"
    EXPLAINED = "explained"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What the ledger says of one charge or refund, or of all disputes of a payment.

    `amount` is what is true by now: zero for something that was called off. `is_due` says that it
    is old enough for the provider to have reported it.
    """

    side: Side
    name: str
    amount: Money
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """All that the provider reports of one movement: how often, less what was taken back, and how much."""

    side: Side
    name: str
    times: int
    amount: Money
    line_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; `subject` names what it is about, so that it is found once.

    `line_id` is the newest line that it is about, None for a movement that is not reported.
    """

    kind: DifferenceKind
    subject: str
    expected: Money | None
    found: Money | None
    line_id: int | None = None


def compare(movement: Movement | None, reported: Reported | None) -> Difference | None:
    """Compare one movement with what is reported of it; None where they agree, or it is too early.

    Raises:
        ValueError: there is neither.
    """
    if reported is None and movement is None:
        raise ValueError("there is nothing to compare")
    expected = movement.amount.amount_minor if movement is not None else 0
    found = reported.amount.amount_minor if reported is not None else 0
    if expected == found and (not found or _currency(movement) == _currency(reported)):
        return None
    # What a bank decides reaches us and the report on different days, and a report comes late.
    may_be_late = reported is None or reported.side is Side.DISPUTE
    if may_be_late and movement is not None and not movement.is_due:
        return None
    if reported is None:
        kind = DifferenceKind.MISSING
    elif not expected:
        kind = DifferenceKind.UNKNOWN_MOVEMENT
    elif reported.times > 1 and reported.side is not Side.DISPUTE:
        kind = DifferenceKind.SETTLED_TWICE
    else:
        kind = DifferenceKind.AMOUNT_DIFFERS
    return _difference(kind, movement, reported)


def _currency(one: Movement | Reported | None) -> str:
    return one.amount.currency if one is not None else ""


def _difference(
    kind: DifferenceKind, movement: Movement | None, reported: Reported | None
) -> Difference:
    named = reported or movement
    if named is None:
        raise ValueError("there is nothing to compare")
    return Difference(
        kind=kind,
        subject=f"{named.side}:{named.name}",
        expected=movement.amount if movement else None,
        found=reported.amount if reported else None,
        line_id=reported.line_id if reported else None,
    )
