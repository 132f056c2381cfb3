"""Tell a story in a process of its own, which works on the database of this test."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.db import connection

PROJECT = Path(__file__).resolve().parents[3]


def tell(story: str, variables: Mapping[str, str], *, within_seconds: float = 60) -> str:
    """Run a story, a file of this folder, with these variables; gives what it printed."""
    database = connection.settings_dict
    url = (
        f"postgresql://{database['USER']}:{database['PASSWORD']}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OTEL_")
    }
    finished = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(story))],
        env={
            **environment,
            "DATABASE_URL": url,
            "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
            "OMS_SERVICE": "oms-test",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=within_seconds,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()
