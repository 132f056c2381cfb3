"""The description of the API is there for everybody at once, from the first moment of a process."""

import subprocess
import sys
from pathlib import Path

from rest_framework.test import APIClient

PROJECT = Path(__file__).parents[3]
# A process of its own: what goes wrong does so once in a process, when the schema is first made.
ASK_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import django
django.setup()
from django.test import Client
together = Barrier(8)
def ask(number):
    together.wait()
    return Client(raise_request_exception=False).get("/api/v1/schema", HTTP_HOST="localhost").status_code
with ThreadPoolExecutor(8) as pool:
    print(sorted(set(pool.map(ask, range(8)))))
"""


class TestTheSchema:
    def test_is_there_for_many_who_ask_a_new_process_at_once(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", ASK_AT_ONCE],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "[200]\n", done.stderr[-1000:]

    def test_is_the_same_whatever_is_asked_along(self) -> None:
        plain = APIClient().get("/api/v1/schema", headers={"Accept": "application/json"})
        odd = APIClient().get(
            "/api/v1/schema?version=9&lang=de", headers={"Accept": "application/json"}
        )
        assert plain.json() == odd.json()
        assert plain.json()["openapi"] == "3.1.0"
