"""How long to wait before another try."""

from collections.abc import Callable


def delay_seconds(
    attempt: int,
    base: float = 1.0,
    factor: float = 2.0,
    cap: float = 60.0,
    jitter: Callable[[], float] | None = None,
) -> float:
    """Give the seconds to wait after the attempt with this number, which counts from 1.

    The wait grows from `base` by `factor` with each attempt and never exceeds `cap`. With `jitter`,
    a source of numbers from 0 up to 1 such as `random.random`, it is drawn evenly between nothing
    and that wait ("full jitter"), so that what failed together does not come back together.

    Raises:
        ValueError: the attempt is below 1, the base or cap negative, or the factor below 1.
    """
    if attempt < 1 or base < 0 or cap < 0 or factor < 1:
        raise ValueError(
            f"no delay for attempt {attempt} with base {base}, factor {factor} and cap {cap}"
        )
    try:
        wait = min(cap, base * factor ** (attempt - 1))
    except OverflowError:
        wait = cap
    return wait if jitter is None else wait * jitter()
