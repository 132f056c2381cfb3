"""Where PostgreSQL, whom root must hand over to nobody, keeps its data and finds its programs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.data_area import PREFIX, data_area, find_area
from infra.local.home import PROJECT, Home
from infra.local.postgres_binaries import find_binaries, usable_by, version_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to nobody")


class TestDataArea:
    @as_root
    def test_is_swept_away_once_a_killed_process_can_no_longer_do_it(self, tmp_path: Path) -> None:
        script = f"""
from pathlib import Path
from infra.local.data_area import data_area
from infra.local.home import Home
print(data_area(Home(path=Path({str(tmp_path)!r})), is_temporary=True).path)
"""
        made = subprocess.run(
            [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        abandoned = Path(made.stdout.strip())
        assert abandoned.name.startswith(PREFIX)

        another = tmp_path / "another"
        another.mkdir()
        data_area(Home(path=another), is_temporary=False).forget()

        assert not abandoned.exists()

    @as_root
    def test_is_not_shared_with_a_copy_of_its_home(self, tmp_path: Path) -> None:
        home, copy = Home(path=tmp_path / "home"), Home(path=tmp_path / "copy")
        home.path.mkdir()
        area = data_area(home, is_temporary=False)
        try:
            shutil.copytree(home.path, copy.path)
            assert find_area(copy) is None
            own = data_area(copy, is_temporary=False)
            assert own.path != area.path
            own.forget()
            assert find_area(home) == area
        finally:
            area.forget()

    @as_root
    def test_belongs_to_its_home_and_not_to_a_later_one_of_the_same_name(
        self, tmp_path: Path
    ) -> None:
        home = Home(path=tmp_path / "home")
        home.path.mkdir()
        first = data_area(home, is_temporary=False)
        shutil.rmtree(home.path)
        home.path.mkdir()

        second = data_area(home, is_temporary=False)

        assert second.path != first.path
        assert not first.path.exists()
        second.forget()


class TestPostgresBinaries:
    @as_root
    def test_are_copied_for_a_user_who_cannot_reach_them(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        package = find_binaries().parent.parent
        for folder in (package / "pginstall", package.with_name(package.name + ".libs")):
            copy = closed / folder.relative_to(package.parent)
            shutil.copytree(folder, copy, symlinks=True)
        closed.chmod(0o700)
        area = data_area(Home(path=tmp_path), is_temporary=True)

        usable = usable_by("nobody", closed / package.name / "pginstall" / "bin", area.path)

        assert usable.is_relative_to(area.path)
        assert version_of(usable) == version_of(find_binaries())
        area.forget()
