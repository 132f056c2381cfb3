"""How long a message waits before it is looked at again."""

from datetime import timedelta

from apps.platform.resilience.backoff import delay_seconds

FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600
LONGEST_PAUSE_BEFORE_CHARGE_SECONDS = 300
FIRST_PAUSE_WHILE_OPEN_SECONDS = 1
LONGEST_PAUSE_WHILE_OPEN_SECONDS = 60


def pause_after(attempts: int) -> timedelta:
    """Wait longer each time: it may be a message for somebody else who uses the provider's account."""
    return timedelta(
        seconds=delay_seconds(attempts, base=FIRST_PAUSE_SECONDS, cap=LONGEST_PAUSE_SECONDS)
    )


def pause_before_charge(attempts: int) -> timedelta:
    """Wait for news of a charge, or for the authorisation before it: it may come any minute."""
    return timedelta(
        seconds=delay_seconds(
            attempts, base=FIRST_PAUSE_SECONDS, cap=LONGEST_PAUSE_BEFORE_CHARGE_SECONDS
        )
    )


def pause_while_open(attempts: int) -> timedelta:
    """Wait for another call of the payment to end: mostly a moment; never as long as a refused one rests."""
    return timedelta(
        seconds=delay_seconds(
            attempts,
            base=FIRST_PAUSE_WHILE_OPEN_SECONDS,
            cap=LONGEST_PAUSE_WHILE_OPEN_SECONDS,
        )
    )
