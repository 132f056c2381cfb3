"""The drill in its smallest size, as CI makes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.home import PROJECT

SEED = 7


@pytest.mark.resilience
class TestQuickDrill:
    def test_keeps_every_promise_while_everything_dies(self, tmp_path: Path) -> None:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tests.resilience"),
                *("--only", "platform", "--quick", "--seed", str(SEED)),
            ],
            cwd=PROJECT,
            env={**os.environ, "OMS_HOME": str(tmp_path / "home")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=220,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
        result = json.loads((tmp_path / "home" / "drill" / "latest.json").read_text())
        assert result["passed"] is True
        assert (result["seed"], result["drills"]) == (SEED, ["platform"])
        assert result["orders_acknowledged"] == result["orders_asked"]
        assert sum(result["orders_by_status"].values()) == result["orders_asked"]
        assert result["orders_by_status"]["confirmed"] > result["orders_asked"] // 4
        assert set(result["violations"].values()) == {0}
        assert result["seconds_to_quiet"] is not None
        assert {"crash PostgreSQL", "kill Valkey", "wipe Valkey"} <= result["faults"].keys()
