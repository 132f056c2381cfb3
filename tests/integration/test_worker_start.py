"""What a Celery worker has loaded once it is ready, and what loading it took."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.home import PROJECT

WORKER = """
import gc, json, os, signal, sys
from pathlib import Path
from celery.signals import import_modules, worker_ready

passes = []
gc.callbacks.append(lambda phase, info: passes.append(phase) if phase == "start" else None)
import_modules.connect(lambda **_: passes.clear(), weak=False)
from config import celery_app
loaded = []
import_modules.connect(lambda **_: loaded.append(len(passes)), weak=False)

@worker_ready.connect
def tell(**_):
    Path(sys.argv[1]).write_text(json.dumps({
        "passes": loaded,
        "is_collecting": gc.isenabled(),
        "threshold": gc.get_threshold()[0],
        "modules": sorted(name for name in sys.modules if name.startswith(("apps.", "config."))),
    }))
    os.kill(os.getpid(), signal.SIGTERM)

celery_app.worker_main([
    "worker", "--queues", "nobodys", "--pool", "threads", "--concurrency", "1",
    "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
])
"""
LOADED = """
import gc, json
from config import celery_app
celery_app.loader.init_worker()
print(json.dumps(gc.isenabled()))
"""


def run(script: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        cwd=PROJECT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a worker says of itself when it is ready to take tasks."""
    note: Path = tmp_path_factory.mktemp("worker") / "ready.json"
    run(WORKER, str(note))
    return dict(json.loads(note.read_text()))


class TestWorker:
    def test_looks_for_garbage_once_it_is_ready_but_rarely(self, worker: dict[str, Any]) -> None:
        assert (worker["is_collecting"], worker["threshold"]) == (True, 50_000)

    def test_looks_for_none_while_it_loads_but_once_each_time_it_has(
        self, worker: dict[str, Any]
    ) -> None:
        # Twice, because who looks out for work loads the tasks, too, which are there by then.
        assert worker["passes"] == [1, 1]

    def test_loads_its_tasks_and_no_page_of_the_back_office(self, worker: dict[str, Any]) -> None:
        assert "apps.payments.tasks" in worker["modules"]
        assert [name for name in worker["modules"] if "admin" in name.split(".")] == []


class TestScheduler:
    def test_looks_for_garbage_again_once_it_has_loaded(self) -> None:
        assert json.loads(run(LOADED)) is True
