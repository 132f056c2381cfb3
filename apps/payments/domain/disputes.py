"""Where a dispute may stand."""

from enum import StrEnum


class DisputeState(StrEnum):
    """Where a dispute stands; one that was won may be lost in the end, nothing else goes back."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"
