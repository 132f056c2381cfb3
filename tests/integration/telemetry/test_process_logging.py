"""All that a process logs comes out in one form."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = """
import logging
import django
from django.conf import settings
from apps.platform.telemetry.logs import logging_settings
settings.LOGGING = logging_settings(service="oms-worker", pretty=False)
django.setup()
from config.celery import app
app.log.setup(loglevel="INFO", redirect_stdouts=True)
import structlog
structlog.get_logger("ours").info("from us", order_id="o-1")
logging.getLogger("django.request").error("from Django")
app.log.get_default_logger().warning("from %s", "Celery")
logging.getLogger("celery.app.trace").info("a task succeeded")
print("said plainly")
"""


class TestLoggingOfAProcess:
    def test_has_one_form_for_us_django_and_celery(self) -> None:
        finished = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

        lines = [json.loads(line) for line in finished.stderr.splitlines()]
        assert {line["service"] for line in lines} == {"oms-worker"}
        said = [(line["level"], line["message"]) for line in lines if "from" in line["message"]]
        assert said == [("info", "from us"), ("error", "from Django"), ("warning", "from Celery")]
        assert "a task succeeded" not in finished.stderr
        assert finished.stdout == "said plainly\n"
