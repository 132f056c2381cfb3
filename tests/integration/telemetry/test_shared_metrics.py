"""Metrics that several processes count together."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
COUNT = """
from apps.platform.telemetry import metrics
metrics.orders_created_total.inc(3)
metrics.order_creation_seconds.observe(0.02)
metrics.events_waiting.labels(subscriber="orders").set({waiting})
"""
SHOW = """
from django.test import RequestFactory
from apps.platform.telemetry.exposition import metrics_page
print(metrics_page(RequestFactory().get("/metrics")).content.decode())
"""

START = """
import django
django.setup()
"""
WATCHED = ("payments_failed_total", "captures_failed_total", "authorisations_running_out_total")


def run(script: str, folder: Path) -> str:
    """Run a script in a process of its own that shares its metrics through a folder."""
    return subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "PROMETHEUS_MULTIPROC_DIR": str(folder),
            "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
            "OMS_METRICS_TOKEN": "",
            "OMS_GATEWAYS": "sandbox,stripe",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


class TestSharedMetrics:
    def test_are_summed_whichever_process_is_asked(self, tmp_path: Path) -> None:
        folder = tmp_path / "made" / "when needed"
        run(COUNT.format(waiting=9), folder)
        run(COUNT.format(waiting=4), folder)

        page = run(SHOW, folder).splitlines()

        assert "orders_created_total 6.0" in page
        assert 'order_creation_seconds_bucket{le="0.025"} 2.0' in page
        assert "order_creation_seconds_count 2.0" in page

    def test_show_what_was_set_last(self, tmp_path: Path) -> None:
        run(COUNT.format(waiting=9), tmp_path)
        run(COUNT.format(waiting=4), tmp_path)

        page = run(SHOW, tmp_path).splitlines()

        assert 'events_waiting{subscriber="orders"} 4.0' in page

    def test_show_what_alerts_watch_before_it_first_happens(self, tmp_path: Path) -> None:
        run(START, tmp_path)

        page = run(SHOW, tmp_path).splitlines()

        for name in WATCHED:
            assert f'{name}{{gateway="sandbox"}} 0.0' in page
            assert f'{name}{{gateway="stripe"}} 0.0' in page
