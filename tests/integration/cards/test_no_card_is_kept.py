"""A card number or security code in any field of any request: refused, and nowhere to be found."""

import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.forms import CharField
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.orders.admin.cancelling import CancelForm
from apps.orders.admin.refunding import RefundForm
from apps.orders.models import Order
from apps.platform.audit.deeds import username_tried
from apps.platform.backoffice.admin import EditableAdmin
from apps.platform.backoffice.asking import ReasonForm
from tests.card_writings import FULL_WIDTH
from tests.integration.cards.asking import CARDS, PLAIN, SECURITY_CODES, TEXTS, Answer
from tests.integration.cards.keeping import list_columns, where_kept
from tests.integration.customers.people import register
from tests.integration.payments.story import ACTION, authorizing, hear
from tests.integration.telemetry.collector import Collector

PROJECT = Path(__file__).resolve().parents[3]
SIGNED = "receive"
"""Operations that take what providers have signed; nothing of it is taken before that is checked."""

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What came of asking: the answers, the log and the words of the traces."""

    answers: list[Answer]
    log: str
    traces: list[str]


def ask() -> Asked:
    """Ask everything in a process of its own."""
    database = connection.settings_dict
    url = (
        f"postgresql://{database['USER']}:{database['PASSWORD']}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OTEL_")
    }
    with Collector() as collector:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.cards.asking"],
            cwd=PROJECT,
            env={
                **environment,
                "DATABASE_URL": url,
                "OMS_LOG_LEVEL": "DEBUG",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            },
            capture_output=True,
            text=True,
            timeout=220,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        words = [f"{span.name} {span.attributes} {span.words}" for span in collector.spans]
    return Asked(
        answers=[Answer(**one) for one in json.loads(done.stdout)],
        log=done.stderr,
        traces=words,
    )


def holds_card(text: str) -> bool:
    """Tell whether a text holds the number, however it is written, or the code by its name."""
    spaced = r"[^0-9a-zA-Z]{0,6}".join(PLAIN)
    words = (FULL_WIDTH, json.dumps(FULL_WIDTH)[1:-1], *SECURITY_CODES)
    return re.search(spaced, text) is not None or any(one in text for one in words)


class TestTheApi:
    def test_refuses_cards_in_every_field_and_keeps_none(self) -> None:
        asked = ask()

        operations = {answer.operation for answer in asked.answers}
        assert len(operations) > 15
        assert len(asked.answers) > 1200
        for answer in asked.answers:
            about = f"{answer.operation}, {answer.where}: {answer.sent} gave {answer.status}"
            assert not holds_card(answer.text), about
            assert answer.status < 500, about
            if answer.where == "the request id":
                continue
            assert answer.status >= 400, about
            assert answer.media_type.startswith("application/problem+json"), about
            if SIGNED not in answer.operation:
                assert answer.code == "card_number_refused", f"{about} {answer.code}"

        assert '"message":"request answered"' in asked.log
        assert any("POST" in words for words in asked.traces)
        assert [line for line in asked.log.splitlines() if holds_card(line)] == []
        assert [words for words in asked.traces if holds_card(words)] == []
        assert where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES) == []


class TestTheSearch:
    def test_finds_a_number_in_text_json_and_bytes(self) -> None:
        assert len(list_columns()) > 100
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept_for_a_test (a text, b jsonb, c bytea)")
            cursor.execute(
                "INSERT INTO kept_for_a_test VALUES (%s, %s, %s)",
                [CARDS[1], json.dumps({"x": [CARDS[2]]}), CARDS[0].encode()],
            )
            found = where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES)
            cursor.execute("DROP TABLE kept_for_a_test")
        assert found == [f"kept_for_a_test.{column}" for column in "abc"]


admin.autodiscover()
EDITABLE = [
    (model, page) for model, page in admin.site._registry.items() if isinstance(page, EditableAdmin)
]


@pytest.fixture
def root() -> Client:
    """A member of staff who may do everything."""
    user = User.objects.create_superuser("root", password="a long secret of root")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestTheBackOffice:
    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize(
        "form",
        [ReasonForm, CancelForm, partial(RefundForm, order=Order(currency="EUR"), items=[])],
        ids=["reason", "cancel", "refund"],
    )
    def test_takes_no_card_as_a_reason(
        self, form: Callable[[QueryDict], ReasonForm], text: str
    ) -> None:
        given = form(QueryDict(urlencode({"reason": f"told me {text}"})))
        assert not given.is_valid()
        assert given.errors["reason"] == [
            "This holds a card number or security code; leave it out."
        ]
        assert not holds_card(str(given))

    def test_has_no_other_form_that_asks(self) -> None:
        assert set(ReasonForm.__subclasses__()) == {CancelForm, RefundForm}

    @pytest.mark.parametrize("page", EDITABLE, ids=lambda one: one[0].__name__)
    def test_takes_no_card_in_a_field(self, root: Client, page: tuple[Any, Any]) -> None:
        meta = page[0]._meta
        address = f"/admin/{meta.app_label}/{meta.model_name}/add/"
        if not page[1].has_add_permission(root.get("/admin/").wsgi_request):
            address = f"/admin/{meta.app_label}/{meta.model_name}/{register().pk}/change/"
        form = root.get(address).context["adminform"].form
        texts = [name for name, one in form.fields.items() if type(one) is CharField]
        assert texts
        for name in texts:
            answer = root.post(address, {**form.initial, name: CARDS[1]})
            assert answer.status_code == 200, name
            assert not holds_card(answer.content.decode()), name
        assert where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES) == []

    @pytest.mark.parametrize("text", TEXTS)
    def test_takes_none_where_staff_log_in(self, text: str) -> None:
        client = Client(headers={"User-Agent": f"browser {text}"})
        login = {"username": text, "password": "wrong"}
        assert client.post("/admin/login/", login).status_code == 400
        assert Client().post("/admin/login/", login).status_code == 400
        answer = Client().post(
            f"/admin/login/?{urlencode({'next': text})}", {**login, "username": "root"}
        )
        assert answer.status_code == 400
        assert Client().post("/admin/login/", {**login, "username": "root"}).status_code == 200
        assert where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES) == []

    @pytest.mark.parametrize("text", TEXTS)
    def test_takes_none_in_a_form_that_is_written_in_base64(self, text: str) -> None:
        part = (
            'Content-Disposition: form-data; name="username"\r\nContent-Transfer-Encoding: base64'
        )
        form = f"--b\r\n{part}\r\n\r\n{b64encode(text.encode()).decode()}\r\n--b--\r\n"
        answer = Client().post(
            "/admin/login/", form, content_type="multipart/form-data; boundary=b"
        )
        assert answer.status_code == 400
        assert where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES) == []

    def test_writes_none_down_that_comes_by_another_way(self) -> None:
        request = RequestFactory().post("/admin/login/", {"username": f"my card is {PLAIN}"})
        assert username_tried(request) == "[card]"
        assert username_tried(request, {"username": "ana\0"}) == "ana"


class TestReturningCustomers:
    def test_bring_no_card_along_that_is_kept(self) -> None:
        payment, operation = authorizing(timezone.now())
        type(payment).objects.filter(id=payment.id).update(provider="adyen")
        hear(operation, ACTION, timezone.now())
        query = urlencode({"redirectResult": CARDS[0], "note": CARDS[1]})
        assert Client().get(f"/payments/{payment.id}/return?{query}").status_code == 200
        assert where_kept(PLAIN, FULL_WIDTH, *SECURITY_CODES) == []
