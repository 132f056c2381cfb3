"""Our own API under generated requests, good and bad: no server error, and answers as documented."""

import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from apps.platform.web.issuing import issue_token, public_jwks
from apps.platform.web.principals import ALL_SCOPES
from tests.integration.shop import stock
from tests.unit.web.keys import new_private_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def headers(settings: Any) -> dict[str, str]:
    """A service that may do everything."""
    pem = new_private_key()
    settings.OMS_JWKS = public_jwks(pem)
    stock({"SKU-A": {"BER": 100}})
    token = issue_token(
        private_key_pem=pem,
        subject="fuzz",
        scopes=ALL_SCOPES,
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_answers_every_request_without_a_server_error(
    headers: dict[str, str], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", WSGIHandler())
    statuses: Counter[int] = Counter()

    def answer(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers={**headers, "Idempotency-Key": str(uuid.uuid4())})
        statuses[response.status_code] += 1
        assert response.status_code < 500, f"{case.as_curl_command()}\n{response.text}"
        media_type = str(response.headers["content-type"])
        if response.status_code >= 400:
            assert "application/problem+json" in media_type, case.as_curl_command()
            assert {"type", "title", "status", "code", "trace_id"} <= response.json().keys()

    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(operations) > 15
    for operation in operations:
        search = settings(
            max_examples=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        with suppress(Unsatisfiable):  # what takes no input cannot be sent a wrong one
            search(given(case=operation.as_strategy(generation_mode=mode))(answer))()
    assert len(statuses) > 1, statuses
