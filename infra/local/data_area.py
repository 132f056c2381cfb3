"""Where the database server may keep its files: in the home, or beside it when root starts it.

The server refuses to run as root, so root hands it to the user `nobody`, who often cannot enter
the folder that the checkout lies in. Root therefore makes an area of its own for each home.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from infra.local.home import Home, write_private

UNPRIVILEGED_USER = "nobody"
# Only folders that mkdtemp made there are used.
OUTSIDE = Path("/var/tmp")  # nosec B108
PREFIX = "oms-data-"
NOTE = "owner.json"


@dataclass(frozen=True, kw_only=True)
class DataArea:
    """A folder for the database server's files, and the user who must own them."""

    path: Path
    user: str | None

    def forget(self) -> None:
        """Delete the folder. Deleting it again changes nothing."""
        shutil.rmtree(self.path, ignore_errors=True)


def data_area(home: Home, *, is_temporary: bool) -> DataArea:
    """Find the area of a home, or make one.

    A temporary area is swept away once the process that made it is gone, should that process not
    have been able to do it.
    """
    if os.geteuid() != 0:
        path = home.path / "postgres"
        path.mkdir(mode=0o700, exist_ok=True)
        return DataArea(path=path, user=None)
    for abandoned in _abandoned_areas():
        shutil.rmtree(abandoned, ignore_errors=True)
    existing = find_area(home)
    if existing is not None:
        return existing
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=OUTSIDE))
    path.chmod(0o755)
    note = {"home": str(home.path), "pid": os.getpid() if is_temporary else None}
    write_private(path / NOTE, json.dumps(note))
    write_private(_pointer(home), str(path))
    return DataArea(path=path, user=UNPRIVILEGED_USER)


def find_area(home: Home) -> DataArea | None:
    """Find the area that a home points to; None when it has none, as the copy of a home has."""
    if os.geteuid() != 0:
        path = home.path / "postgres"
        return DataArea(path=path, user=None) if path.is_dir() else None
    with contextlib.suppress(OSError, ValueError):
        path = Path(_pointer(home).read_text(encoding="utf-8"))
        # A copied folder points to the area of the original, which is none of its business.
        if path.is_dir() and _note_in(path)["home"] == str(home.path):
            return DataArea(path=path, user=UNPRIVILEGED_USER)
    return None


def _pointer(home: Home) -> Path:
    return home.path / "data-area"


def _abandoned_areas() -> Iterator[Path]:
    """List the areas that nothing will ever use again: their home forgot them, or a test died."""
    for area in OUTSIDE.glob(PREFIX + "*"):
        try:
            if area.stat().st_uid != os.geteuid():
                continue
            note = _note_in(area)
        except (OSError, ValueError):
            continue
        home = Home(path=Path(note["home"]))
        if note["pid"] is not None:
            if not psutil.pid_exists(note["pid"]):
                yield area
        elif home.path.is_dir() and not _points_to(home, area):
            yield area


def _note_in(area: Path) -> dict[str, Any]:
    return dict(json.loads((area / NOTE).read_text(encoding="utf-8")))


def _points_to(home: Home, area: Path) -> bool:
    try:
        return _pointer(home).read_text(encoding="utf-8") == str(area)
    except OSError:
        return False
