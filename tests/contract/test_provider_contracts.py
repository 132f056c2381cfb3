"""The check of requests and answers is checked itself: right ones pass, spoilt ones do not."""

import json
from typing import Any

import pytest

from tests.contract.provider_contracts import (
    FOLDER,
    contract,
    read_form,
    skip_without_contracts,
)

SAMPLES: list[dict[str, Any]] = (
    json.loads((FOLDER / "samples.json").read_text()) if FOLDER.is_dir() else []
)
OPENAPI = "stripe/openapi-2026-05-27.dahlia-trimmed.json"
CREATE = (
    "#/paths/~1v1~1payment_intents/post/requestBody/content/"
    "application~1x-www-form-urlencoded/schema"
)
TEXTS = {"id", "object", "status", "type", "currency", "capture_method"}


@pytest.fixture(autouse=True)
def _contracts() -> None:
    skip_without_contracts()


class TestTheCheck:
    def test_lets_every_sample_pass(self) -> None:
        assert len(SAMPLES) == 97
        for sample in SAMPLES:
            found = contract(sample["file"]).violations(sample["schema"], sample["instance"])
            assert found == [], (sample["file"], sample["schema"])

    def test_finds_a_field_that_no_schema_declares(self) -> None:
        found = 0
        for sample in stripe_samples():
            spoilt = {**sample["instance"], "not_in_the_contract": 1}
            assert contract(sample["file"]).violations(sample["schema"], spoilt)
            found += 1
        assert found == 20

    def test_finds_a_number_in_place_of_a_text(self) -> None:
        for sample in stripe_samples():
            for name in TEXTS & sample["instance"].keys():
                spoilt = {**sample["instance"], name: 7}
                assert contract(sample["file"]).violations(sample["schema"], spoilt), name

    def test_reads_forms_as_the_schema_means_them(self) -> None:
        good = "amount=1&currency=eur&confirm=true&metadata[order_id]=7&expand[0]=latest_charge"
        bad = good + "&amount=one&confrim=true"

        assert contract(OPENAPI).form_violations(CREATE, good) == []
        assert contract(OPENAPI).form_violations(CREATE, bad) == [
            '[\'amount\']: "one" is not of type "integer"',
            "[]: Additional properties are not allowed ('confrim' was unexpected)",
            "/confrim: not declared by the contract",
        ]


class TestForms:
    def test_nest_by_brackets(self) -> None:
        assert read_form("a[b]=1&a[c][d]=&e[]=x&e[]=y&f[0]=z") == {
            "a": {"b": "1", "c": {"d": ""}},
            "e": ["x", "y"],
            "f": ["z"],
        }


def stripe_samples() -> list[dict[str, Any]]:
    """Give the samples of Stripe's objects and parameters."""
    return [one for one in SAMPLES if one["file"].startswith("stripe/")]
