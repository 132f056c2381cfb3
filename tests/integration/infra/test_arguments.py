"""Commands that take no arguments take none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", ["run", "reset"])
@pytest.mark.parametrize("argument", ["--bogus", "--help", "stray"])
def test_arguments_are_refused_and_nothing_is_done(
    tmp_path: Path, command: str, argument: str
) -> None:
    kept = tmp_path / "kept"
    kept.touch()
    done = subprocess.run(
        [sys.executable, "-m", f"infra.local.{command}", argument],
        env={**os.environ, "OMS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"This command takes no arguments: {argument}.\n"
    assert list(tmp_path.iterdir()) == [kept]
