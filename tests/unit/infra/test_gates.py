"""The quality gates: what they make of an answer."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local.checks import main
from infra.local.gates import GATES, Outcome, Verdict, by_audit, by_exit_status, by_last_line

AUDITED = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {"name": "celery", "version": "5.7.0", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "kombu", "skip_reason": "Dependency not found on PyPI"}


def audit(*packages: Mapping[str, object]) -> str:
    return "No known vulnerabilities found\n" + json.dumps({"dependencies": packages, "fixes": []})


class TestByExitStatus:
    def test_passes_zero_alone(self) -> None:
        assert by_exit_status(0, "").outcome is Outcome.PASSED
        assert by_exit_status(1, "").outcome is Outcome.FAILED


class TestByLastLine:
    def test_repeats_how_the_tests_ended(self) -> None:
        verdict = by_last_line(1, "F.\n==== 1 failed, 1 passed in 0.10s ====\n")

        assert verdict == Verdict(outcome=Outcome.FAILED, remark="1 failed, 1 passed in 0.10s")


class TestByAudit:
    def test_passes_when_every_package_was_looked_up(self) -> None:
        assert by_audit(0, audit(AUDITED)) == Verdict(outcome=Outcome.PASSED, remark="1 packages")

    def test_fails_on_a_vulnerable_package(self) -> None:
        assert by_audit(1, audit(AUDITED, VULNERABLE)).outcome is Outcome.FAILED

    def test_fails_when_some_packages_were_not_looked_up(self) -> None:
        verdict = by_audit(0, audit(AUDITED, UNKNOWN))

        assert verdict == Verdict(outcome=Outcome.FAILED, remark="not looked up: kombu")

    @pytest.mark.parametrize("output", [audit(UNKNOWN), "ConnectionError: no route to host"])
    def test_is_skipped_without_the_database(self, output: str) -> None:
        assert by_audit(0, output).outcome is Outcome.SKIPPED


class TestGates:
    def test_have_names_to_choose_them_by(self) -> None:
        assert len({gate.name for gate in GATES}) == len(GATES) == 10

    def test_refuse_a_name_that_does_not_exist(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["spelling"]) == 2
        assert capsys.readouterr().out == "No such check: spelling.\n"

    def test_name_programs_that_exist(self) -> None:
        assert all(Path(gate.command[0]).exists() for gate in GATES)
