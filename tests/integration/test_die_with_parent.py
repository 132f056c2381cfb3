"""What a process owes the one that started it."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from infra.local.home import PROJECT
from tests.waiting import has_ended, wait_until

CHILD = """
import os, sys, time
from config.processes import die_with_parent
die_with_parent()
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {CHILD!r}])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
class TestDieWithParent:
    @pytest.mark.parametrize("is_frozen", [False, True])
    def test_ends_a_process_whose_parent_was_killed(self, is_frozen: bool) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT],
            env={**os.environ, "OMS_DIE_WITH_PARENT": "1"},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        if is_frozen:
            child.suspend()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: has_ended(child))
