"""`make manage`: it asks the providers that the platform here asks, or nobody."""

import json
import os
from pathlib import Path

import pytest

from infra.local import manage
from infra.local.environment import EMBEDDED
from tests.unit.infra.test_screen import RUN


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that were run, of a platform that simulates its providers."""
    bases = {name: f"http://127.0.0.1:8400/{name}" for name in ("stripe", "paypal")}
    bases["adyen"] = "http://127.0.0.1:8400/adyen/v72"
    run = {**RUN, "providers": bases, "pids": {"launcher": os.getpid()}}
    (tmp_path / "run.json").write_text(json.dumps(run), encoding="utf-8")
    for name, value in {**EMBEDDED, "OMS_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    # The command changes the variables of its process; here that is the test run.
    monkeypatch.setattr(os, "environ", dict(os.environ))
    commands: list[list[str]] = []
    monkeypatch.setattr(manage, "run_command", commands.append)
    return commands


def test_runs_with_the_providers_of_the_platform(ran: list[list[str]]) -> None:
    manage.main(["reconcile_payments"])
    assert ran == [["reconcile_payments"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"STRIPE_API_KEY": "sk_test_of_mine"}, "as they were for `make run`"),
        ({"ADYEN_API_KEY": "key_of_mine"}, "but not ADYEN_MERCHANT_ACCOUNT"),
    ],
)
def test_refuses_with_others(
    ran: list[list[str]], given: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ.update(given)
    with pytest.raises(SystemExit) as refusal:
        manage.main(["reconcile_payments"])
    assert (refusal.value.code, ran) == (2, [])
    assert said in capsys.readouterr().err
