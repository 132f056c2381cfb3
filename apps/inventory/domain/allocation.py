"""Which warehouse fills which line of an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

SEARCHED_WAREHOUSES = 10
"""With up to so many warehouses that have something of an order, every combination is tried: 1,023
at most. Each one more would double them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units of one SKU that an order wants; a SKU stands in one line only."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Units of one SKU taken from one warehouse."""

    sku: str
    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A SKU of which all warehouses together have too little."""

    sku: str
    wanted: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What was decided for one order: every line filled, or nothing and the shortages.

    `reason` says in words why these warehouses, for customer service.
    """

    takes: tuple[Take, ...] = ()
    shorts: tuple[Short, ...] = ()
    reason: str = ""

    @property
    def is_filled(self) -> bool:
        """Whether every line is filled."""
        return not self.shorts


@dataclass(slots=True)
class Shelves:
    """What is available right now, per warehouse and SKU, in memory.

    Allocating takes the units off, so that orders of one batch see what earlier ones left.
    `priorities` lists the warehouses, the preferred one first.
    """

    priorities: Sequence[str]
    available: dict[tuple[str, str], int] = field(default_factory=dict)

    def allocate(self, lines: Sequence[Line]) -> Allocation:
        """Fill an order whole or not at all.

        One warehouse that has every line is preferred, then the fewest parcels, then the priority
        of the warehouses. Ties follow the priority, so the same shelves give the same answer.
        """
        shorts = tuple(
            Short(sku=line.sku, wanted=line.quantity, available=total)
            for line in lines
            if (total := self._total(line.sku)) < line.quantity
        )
        if shorts:
            return Allocation(shorts=shorts, reason="Not enough stock in all warehouses together")
        allocation = self._from_one(lines) or self._from_several(lines)
        for take in allocation.takes:
            self.available[take.warehouse, take.sku] -= take.quantity
        return allocation

    def _total(self, sku: str) -> int:
        return sum(self.available.get((warehouse, sku), 0) for warehouse in self.priorities)

    def _from_one(self, lines: Sequence[Line]) -> Allocation | None:
        for warehouse in self.priorities:
            if all(self.available.get((warehouse, one.sku), 0) >= one.quantity for one in lines):
                return Allocation(
                    takes=tuple(
                        Take(sku=one.sku, warehouse=warehouse, quantity=one.quantity)
                        for one in lines
                    ),
                    reason=f"{warehouse} has every line and the best priority of those that do",
                )
        return None

    def _from_several(self, lines: Sequence[Line]) -> Allocation:
        """Take from the warehouse that fills most of what is still open, again and again.

        Finding the fewest parcels is a set cover: with few warehouses the smallest set that can
        fill the order is chosen first, with many this greedy choice has to do.
        """
        stocked = [
            one
            for one in self.priorities
            if any(self.available.get((one, line.sku), 0) > 0 for line in lines)
        ]
        if len(stocked) <= SEARCHED_WAREHOUSES:
            stocked = self._fewest(lines, stocked)
        open_units = {line.sku: line.quantity for line in lines}
        takes: list[Take] = []
        used: list[str] = []
        while open_units:
            warehouse = max(
                (one for one in stocked if one not in used),
                key=lambda one: self._coverage(one, open_units),
            )
            used.append(warehouse)
            for sku, wanted in list(open_units.items()):
                units = min(wanted, self.available.get((warehouse, sku), 0))
                if units > 0:
                    takes.append(Take(sku=sku, warehouse=warehouse, quantity=units))
                    open_units[sku] -= units
                    if not open_units[sku]:
                        del open_units[sku]
        return Allocation(
            takes=tuple(takes),
            reason=f"No warehouse has every line; split over {', '.join(used)}",
        )

    def _fewest(self, lines: Sequence[Line], stocked: Sequence[str]) -> list[str]:
        """Give the fewest warehouses that fill the lines together, of those the preferred ones.

        A warehouse without which some line cannot be filled is in every answer; what is left to try
        is seldom more than a few combinations.
        """
        needs = [
            (line.quantity, {one: self.available.get((one, line.sku), 0) for one in stocked})
            for line in lines
        ]
        # The scarcest lines first: they rule most combinations out.
        needs.sort(key=lambda need: sum(need[1].values()) - need[0])
        indispensable = {
            one
            for wanted, units in needs
            for one in stocked
            if sum(units.values()) - units[one] < wanted
        }
        others = [one for one in stocked if one not in indispensable]
        fewest = next(
            together
            for more in range(len(others) + 1)
            for together in map(indispensable.union, combinations(others, more))
            if all(sum(units[one] for one in together) >= wanted for wanted, units in needs)
        )
        return [one for one in stocked if one in fewest]

    def _coverage(self, warehouse: str, open_units: Mapping[str, int]) -> tuple[int, int]:
        """Rank a warehouse: lines it fills whole, then units it can give."""
        units = {sku: self.available.get((warehouse, sku), 0) for sku in open_units}
        whole = sum(units[sku] >= wanted for sku, wanted in open_units.items())
        return whole, sum(min(units[sku], wanted) for sku, wanted in open_units.items())
