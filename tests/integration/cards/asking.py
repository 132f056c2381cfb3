"""Sends card numbers in every field of every operation, in a process that logs and traces all of it.

Prints, as JSON, what was answered to each request.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import django
import msgspec
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.card_writings import FULL_WIDTH, GLUED, NUMBER, SLASHED
from tests.unit.web.keys import new_private_key

PLAIN = NUMBER
CARDS = (PLAIN, "4000 0566 5566 5556", "4000-0566-5566-5556")
SECURITY_CODE = "CVV: 737"
SECURITY_CODES = (SECURITY_CODE, "CID: 737")
TEXTS = (*CARDS, SLASHED, FULL_WIDTH, GLUED, *SECURITY_CODES)
"""One of each kind; all the others are tried where the guard and the mask are by themselves."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered; `text` is all of it, headers included."""

    operation: str
    where: str
    sent: str
    status: int
    media_type: str
    code: str
    text: str


def make_token() -> str:
    """Give the token of a service that may do everything."""
    from apps.platform.web.issuing import issue_token, public_jwks
    from apps.platform.web.principals import ALL_SCOPES

    pem = new_private_key()
    settings.OMS_JWKS = public_jwks(pem)
    return issue_token(
        private_key_pem=pem,
        subject="storefront",
        scopes=ALL_SCOPES,
        customer_id=None,
        lifetime=timedelta(hours=1),
        now=timezone.now(),
    )


def ask_everything(client: Client, token: str) -> Iterator[Answer]:
    """Send all of it."""
    from tests.integration.cards.openapi import list_operations

    document = client.get("/api/v1/schema?format=json").json()
    for operation in list_operations(document):
        for text in TEXTS:
            for request in operation.poisoned(text):
                query = f"?{urlencode(request.query)}" if request.query else ""
                body = b"" if request.body is None else msgspec.json.encode(request.body)
                answer = client.generic(
                    request.method,
                    request.path + query,
                    body,
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {token}", **request.headers},
                )
                media_type = answer.headers.get("Content-Type", "")
                said: Any = answer.json() if "json" in media_type and answer.content else {}
                yield Answer(
                    operation=request.operation,
                    where=request.where,
                    sent=text,
                    status=answer.status_code,
                    media_type=media_type,
                    code=str(said.get("code", "")) if isinstance(said, dict) else "",
                    text=f"{dict(answer.headers)} {answer.content.decode(errors='replace')}",
                )


def main() -> None:
    """Ask, let events and calls run their course, and tell."""
    django.setup()
    from apps.platform.telemetry.tracing import start_tracing, stop_tracing
    from tests.integration.shop import stock, work_off

    start_tracing()
    stock({"SKU-A": {"BER": 100}})
    answers = list(ask_everything(Client(raise_request_exception=False), make_token()))
    work_off()
    stop_tracing()
    sys.stdout.write(json.dumps([answer.__dict__ for answer in answers]))


if __name__ == "__main__":
    main()
