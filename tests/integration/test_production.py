"""The web application with production's settings, asked as a load balancer and a browser would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

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


@cache
def answers() -> Answers:
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        cwd=PROJECT,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
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
