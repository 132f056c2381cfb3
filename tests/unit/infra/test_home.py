"""The home folder: one user at a time, and never somebody else's files."""

import json
import os
import stat
from pathlib import Path

import pytest

from infra.local.failure import CannotStart
from infra.local.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(path=tmp_path / "home")


class TestClaim:
    def test_keeps_a_second_stack_out_and_names_the_first(self, home: Home) -> None:
        claim = home.claim()
        home.write_run_file({"base_url": "http://127.0.0.1:8000"})

        with pytest.raises(CannotStart) as refusal:
            home.claim()

        claim.release()
        assert f"process {os.getpid()} serves http://127.0.0.1:8000" in str(refusal.value)
        assert f"`kill {os.getpid()}`" in str(refusal.value)

    def test_says_so_when_the_first_is_not_ready_yet(self, home: Home) -> None:
        claim = home.claim()

        with pytest.raises(CannotStart, match="is still starting or stopping"):
            home.claim()

        claim.release()

    def test_is_free_again_once_released(self, home: Home) -> None:
        home.claim().release()

        home.claim().release()

    def test_refuses_a_folder_with_other_files(self, home: Home) -> None:
        home.path.mkdir()
        (home.path / "thesis.txt").write_text("do not delete")

        with pytest.raises(CannotStart, match="holds other files"):
            home.claim()

        assert [path.name for path in home.path.iterdir()] == ["thesis.txt"]

    def test_refuses_a_place_where_no_folder_can_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(CannotStart, match="cannot be used: Not a directory"):
            Home(path=tmp_path / "file" / "home").claim()

    def test_marks_the_folder_as_ours(self, home: Home) -> None:
        assert not home.is_ours
        home.claim().release()
        assert home.is_ours


class TestRunFile:
    def test_can_be_read_by_its_owner_alone(self, home: Home) -> None:
        home.path.mkdir()
        home.write_run_file({"token": "first"})
        home.write_run_file({"token": "second"})

        assert json.loads(home.run_file.read_text()) == {"token": "second"}
        assert stat.S_IMODE(home.run_file.stat().st_mode) == 0o600
        assert [path.name for path in home.path.iterdir()] == ["run.json"]


class TestRequireRoom:
    def test_refuses_a_disk_that_is_almost_full(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.path.mkdir()
        home.require_room()
        monkeypatch.setattr("infra.local.home.LEAST_FREE_BYTES", 10**18)

        with pytest.raises(CannotStart, match=r"Only \d+ MB are free on the disk that holds"):
            home.require_room()


class TestExplain:
    def test_names_a_full_disk_before_what_it_caused(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.path.mkdir()
        assert home.explain("web ended.") == "web ended."
        monkeypatch.setattr("infra.local.home.FULL_BYTES", 10**18)

        assert home.explain("web ended.").splitlines() == [
            f"The disk that holds {home.path} is full: free some space on it.",
            "web ended.",
        ]
