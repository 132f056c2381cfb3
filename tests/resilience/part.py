"""What one of the drills about payments found, for people and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.resilience.verdict import Violations

MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """The findings of one drill: `figures` as JSON values, `lines` the ones shown, with a label.

    `chart` is shown below them as it is.
    """

    name: str
    seed: int
    started_at: datetime
    seconds: float
    figures: Mapping[str, object]
    lines: Sequence[tuple[str, str]]
    violations: Violations
    chart: Sequence[str] = ()

    @property
    def has_passed(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.violations.values())

    def as_document(self) -> dict[str, object]:
        """Give the result as JSON values; violations are counted, with examples beside them."""
        return {
            "passed": self.has_passed,
            "seed": self.seed,
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 1),
            **self.figures,
            "violations": {name: len(rows) for name, rows in self.violations.items()},
            "examples": {
                name: rows[:MOST_EXAMPLES] for name, rows in self.violations.items() if rows
            },
        }


def in_words(counts: Mapping[str, int]) -> str:
    """Write counts on one line."""
    return ", ".join(f"{count} × {name}" for name, count in counts.items())


def seconds_in_words(seconds: float | None) -> str:
    """Write how long it took until something came about."""
    return "never" if seconds is None else f"{seconds:.1f} s"
