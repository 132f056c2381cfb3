"""Work that is done in passes waits for company, the longer the busier the machine."""

import pytest

from apps.platform.pauses import pause_after


@pytest.mark.parametrize(
    ("took", "pause"),
    [
        (0.0, 0.05),
        (0.02, 0.05),
        (0.04, 0.08),
        (0.08, 0.32),
        (0.2, 0.5),
        (30.0, 0.5),
    ],
)
def test_the_pause_grows_faster_than_the_work_within_limits(took: float, pause: float) -> None:
    assert pause_after(took, even=0.02, shortest=0.05, longest=0.5) == pytest.approx(pause)
