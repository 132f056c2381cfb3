"""Where a drill's platform lives: a folder of its own, kept when something was found."""

import contextlib
import tempfile
from pathlib import Path

from infra.local.data_area import find_area
from infra.local.failure import CannotStart
from infra.local.home import Home

PREFIX = "oms-drill-"
# On a disk: /tmp may lie in memory, and a crash of the database is to be a crash with a disk.
ON_DISK = Path("/var/tmp")
KEPT = "kept"


def make_home() -> Path:
    """Make a new folder; it is recognised as a drill's if the drill is killed."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_folder()))
    Home(path=path).claim().release()
    return path


def keep(path: Path) -> None:
    """Leave a home to whoever wants to look into what happened."""
    (path / KEPT).touch()


def forget(path: Path) -> None:
    """Delete a home with all its data."""
    home = Home(path=path)
    area = find_area(home)
    if area is not None:
        area.forget()
    home.forget()


def forget_abandoned() -> None:
    """Delete the homes of drills that were killed; those in use or kept stay."""
    for path in _folder().glob(f"{PREFIX}*"):
        with contextlib.suppress(CannotStart, OSError):
            home = Home(path=path)
            if home.is_ours and not (path / KEPT).exists():
                home.claim().release()
                forget(path)


def _folder() -> Path:
    return ON_DISK if ON_DISK.is_dir() else Path(tempfile.gettempdir())
