"""Temporary homes for the platforms that are measured."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from infra.local.data_area import find_area
from infra.local.home import Home

PREFIX = "oms-bench-"
# On a disk: /tmp may lie in memory, where a commit that waits for the disk costs nothing.
ON_DISK = Path("/var/tmp")
KEPT = "kept"


@contextlib.contextmanager
def temporary_home(*, keep: bool) -> Iterator[Path]:
    """Make a folder for a platform, and delete it with all its data unless it is to be kept."""
    folder = ON_DISK if ON_DISK.is_dir() else Path(tempfile.gettempdir())
    home = Home(path=Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder)))
    # Leaves our process number in it: what a killed benchmark left can then be told from what is used.
    home.claim().release()
    if keep:
        (home.path / KEPT).touch()
    try:
        yield home.path
    finally:
        if not keep:
            _forget(home)


def forget_abandoned() -> None:
    """Delete the homes of benchmarks that were killed; those in use or kept stay."""
    folder = ON_DISK if ON_DISK.is_dir() else Path(tempfile.gettempdir())
    for path in folder.glob(f"{PREFIX}*"):
        home = Home(path=path)
        with contextlib.suppress(OSError, ValueError):
            if (path / KEPT).exists() or psutil.pid_exists(int(home.lock_file.read_text())):
                continue
            _forget(home)


def _forget(home: Home) -> None:
    area = find_area(home)
    if area is not None:
        area.forget()
    home.forget()
