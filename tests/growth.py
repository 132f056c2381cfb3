"""Whether work grows with its input, and not with its square: a comparison, not a time limit."""

import time
from collections.abc import Callable
from typing import TypeVar

Input = TypeVar("Input", str, bytes)

LONGER = 8
LOOKS = 2


def grows_in_proportion(
    work: Callable[[Input], object], text_of: Callable[[int], Input], *, times: int
) -> bool:
    """Say whether a text made of so many pieces takes nearer to 8 than to 64 times what an eighth does.

    Only the processor time of this thread counts, and the best of two, so that neither a busy
    machine nor the measuring of coverage decides.
    """
    part, whole = (
        min(_seconds(work, text) for _ in range(LOOKS))
        for text in (text_of(times // LONGER), text_of(times))
    )
    return whole < 24 * max(part, 0.001)


def _seconds(work: Callable[[Input], object], text: Input) -> float:
    began = time.thread_time()
    work(text)
    return time.thread_time() - began
