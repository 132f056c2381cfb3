"""The bootstrap: instant when nothing changed, and clear when it cannot work."""

import ast
import json
import sys
from pathlib import Path

import pytest

from infra.local import bootstrap


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    venv = tmp_path / ".venv"
    (tmp_path / "requirements").mkdir()
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    for name in ("local", "test", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1")
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", venv / "installed.json")
    monkeypatch.setattr(bootstrap, "LOCK", venv / ".lock")
    return tmp_path


def stamp(project: Path, wanted: str) -> None:
    content = {"venv": str(project / ".venv"), wanted: bootstrap.fingerprint(wanted)}
    (project / ".venv" / "installed.json").write_text(json.dumps(content))


class TestIsInstalled:
    def test_says_no_to_an_unfinished_environment(self, project: Path) -> None:
        assert not bootstrap.is_installed("local")

    def test_says_yes_to_what_was_completed(self, project: Path) -> None:
        stamp(project, "local")

        assert bootstrap.is_installed("local")
        assert not bootstrap.is_installed("dev")

    def test_takes_the_larger_set_for_the_smaller_one(self, project: Path) -> None:
        stamp(project, "dev")

        assert bootstrap.is_installed("local")
        assert bootstrap.is_installed("test")

    def test_takes_the_set_of_the_tests_for_no_larger_one(self, project: Path) -> None:
        stamp(project, "test")

        assert bootstrap.is_installed("local")
        assert bootstrap.is_installed("test")
        assert not bootstrap.is_installed("dev")

    def test_says_no_once_the_lock_has_changed(self, project: Path) -> None:
        stamp(project, "local")
        (project / "requirements" / "local.txt").write_text("local==2")

        assert not bootstrap.is_installed("local")

    def test_says_no_in_a_checkout_that_was_moved(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stamp(project, "local")
        monkeypatch.setattr(bootstrap, "VENV", project / "elsewhere" / ".venv")

        assert not bootstrap.is_installed("local")

    def test_says_no_when_the_python_below_is_gone(self, project: Path) -> None:
        stamp(project, "local")
        (project / ".venv" / "bin" / "python").unlink()

        assert not bootstrap.is_installed("local")


class TestMain:
    def test_installs_nothing_when_everything_is_there(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stamp(project, "dev")
        monkeypatch.setattr(bootstrap, "install", lambda wanted: pytest.fail("it installed"))

        bootstrap.main("local")

    def test_compiles_our_code_and_passes_over_what_cannot_be(self, project: Path) -> None:
        stamp(project, "dev")
        (project / "apps").mkdir()
        (project / "apps" / "good.py").write_text("good = True")
        (project / "apps" / "bad.py").write_text("bad =")

        bootstrap.main("local")

        compiled = [path.name for path in (project / "apps" / "__pycache__").iterdir()]
        assert compiled == [f"good.{sys.implementation.cache_tag}.pyc"]

    def test_leaves_an_environment_alone_that_is_another_checkout_s(
        self, project: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        (project / ".venv").rename(other)
        (project / ".venv").symlink_to(other)
        with pytest.raises(SystemExit, match="a link to another environment: remove it first"):
            bootstrap.main("test")
        assert (other / "bin" / "python").exists()

    def test_reports_a_full_disk(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bootstrap, "LEAST_FREE_BYTES", 10**18)

        with pytest.raises(SystemExit, match=r"Only \d+ MB are free"):
            bootstrap.main("local")

    def test_refuses_an_old_python_in_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bootstrap, "LEAST_VERSION", (99, 0))
        monkeypatch.setenv("PATH", "")

        with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed and python3 is 3"):
            bootstrap.main("local")

    def test_parses_under_the_pythons_that_it_refuses(self) -> None:
        source = Path(bootstrap.__file__).read_text(encoding="utf-8")

        ast.parse(source, feature_version=(3, 6))


class TestFastestPython:
    @pytest.fixture(autouse=True)
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("PYTHON", raising=False)
        return tmp_path

    def put(self, folder: Path, says: str) -> str:
        """Put a Python there that says so when it is asked for its time."""
        python = folder / f"python3.{sys.version_info.minor}"
        python.write_text(f"#!/bin/sh\n{says}\n")
        python.chmod(0o755)
        return str(python)

    def test_takes_a_faster_one_and_says_so(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        faster = self.put(path, "echo 0.000001")

        assert bootstrap.fastest_python() == faster
        assert capsys.readouterr().out == f"  ✓ The environment is made with {faster}\n"

    @pytest.mark.parametrize("says", ["echo 10", "echo No module named venv; exit 1"])
    def test_stays_with_the_one_that_was_called(
        self, path: Path, says: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.put(path, says)

        assert bootstrap.fastest_python() == sys.executable
        assert capsys.readouterr().out == ""

    def test_stays_with_the_one_that_was_named(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.put(path, "echo 0.000001")
        monkeypatch.setenv("PYTHON", "python3")

        assert bootstrap.fastest_python() == sys.executable

    def test_takes_another_where_the_called_one_can_make_no_environment(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        able = self.put(path, "echo 0.5")
        monkeypatch.setattr(sys, "executable", "/bin/false")

        assert bootstrap.fastest_python() == able

    def test_times_a_real_one(self) -> None:
        assert 0 < bootstrap.trial_seconds(sys.executable) < float("inf")

    def test_has_no_time_of_what_our_packages_do_not_fit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bootstrap, "TRIAL", bootstrap.TRIAL.replace('"cpython"', '"pypy"'))

        assert bootstrap.trial_seconds(sys.executable) == float("inf")

    def test_waits_for_none_that_hangs(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bootstrap, "TRIAL_SECONDS", 0.05)

        assert bootstrap.trial_seconds(self.put(path, "exec /bin/sleep 60")) == float("inf")


class TestQuietly:
    def test_says_the_sentence_and_what_the_command_said(self) -> None:
        with pytest.raises(SystemExit, match=r"^It did not work\.\n  no matching hash$"):
            bootstrap.quietly("It did not work.", "sh", "-c", "echo no matching hash; exit 1")

    def test_hides_what_a_good_command_said(self, capfd: pytest.CaptureFixture[str]) -> None:
        bootstrap.quietly("It did not work.", "sh", "-c", "echo fine")

        assert capfd.readouterr() == ("", "")
