"""The web application with production's settings, asked as a load balancer and a browser would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

import pytest

from infra.local.home import PROJECT

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "OMS_SECRET_KEY": "s" * 50,
    "OMS_ORDER_NUMBER_SECRET": "n" * 50,
    "OMS_JWKS_URL": "https://auth.example/jwks",
    "OMS_ALLOWED_HOSTS": "shop.example",
    "OMS_GATEWAYS": "stripe",
    "STRIPE_API_KEY": "sk_live_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
}
ASK = """
import io, json
from config.wsgi import application
from django.conf import settings

def status_of(path, host):
    heard = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": host,
        "SERVER_NAME": "pod", "SERVER_PORT": "8080", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http",
    }
    for part in application(environ, lambda status, headers: heard.append(status)):
        pass
    return int(heard[0][:3])

paths = ("/health/live", "/health/ready", "/metrics", "/admin/login/")
print(json.dumps({
    "env": settings.OMS_ENV,
    "pod": [status_of(path, "10.0.2.17:8080") for path in paths],
}))
"""


@dataclass
class Answers:
    """What the application says it is, and its statuses by path."""

    env: str
    pod: list[int]


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=PROJECT,
        env={**os.environ, **ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def answers() -> Answers:
    asked = run(ASK)
    assert asked.returncode == 0, asked.stderr
    return Answers(**json.loads(asked.stdout))


class TestProduction:
    def test_answers_probes_that_name_the_address_of_the_pod(self) -> None:
        live, ready, metrics, page = answers().pod
        assert (live, metrics) == (200, 200)
        # The tables of the test database are the test runner's; that it was asked is enough.
        assert ready in (200, 503)
        assert page == 400

    def test_knows_that_it_is_production(self) -> None:
        assert answers().env == "production"

    @pytest.mark.parametrize("name", ["", "production-eu"])
    def test_does_not_start_with_a_providers_test_account(self, name: str) -> None:
        asked = {"STRIPE_API_KEY": "sk_test_of_somebody", "OMS_ENV": name}
        started = run("import config.wsgi", **asked)
        assert started.returncode == 1
        assert started.stderr.splitlines()[-1].endswith(
            "STRIPE_API_KEY: this is a key of Stripe's test mode; production needs a live one."
        )
        assert "of_somebody" not in started.stderr

    def test_says_each_fault_in_a_line_of_its_own(self) -> None:
        started = run("import config.wsgi", OMS_ALLOWED_HOSTS="", OMS_SECRET_KEY="short")
        assert started.returncode == 1
        assert started.stderr.splitlines()[-2:] == [
            "django.core.exceptions.ImproperlyConfigured: "
            "OMS_ALLOWED_HOSTS: production needs a value of its own.",
            "OMS_SECRET_KEY: production needs a strong value of its own, of 32 characters or more.",
        ]

    def test_takes_one_where_it_is_called_staging(self) -> None:
        staging = {"STRIPE_API_KEY": "sk_test_of_somebody", "OMS_ENV": "staging"}
        started = run("from django.conf import settings; print(settings.OMS_ENV)", **staging)
        assert (started.returncode, started.stdout) == (0, "staging\n")
