"""What is said of settings that are wrong: a line for each, with what is allowed."""

from pathlib import Path

import msgspec
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Environment, load_jwks, read_environment
from config.kinds import fault_of


def said_of(**variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        read_environment(variables)
    return str(refused.value)


class TestAWrongSetting:
    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("OMS_CAPTURE_ON", "never", "'never' is not one of confirmation, request."),
            ("OMS_AUTHORISATION_ENDING", "Warn", "'Warn' is not one of warn, capture, renew."),
            ("OMS_PROVIDER_FALLBACK", "yes", "'yes' is not one of on, off."),
            ("PAYPAL_WEBHOOK_CHECK", "no", "'no' is not one of certificate, postback."),
            (
                "OMS_LOG_LEVEL",
                "loud",
                "'loud' is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
            ),
            ("OMS_OUTBOX_WORKERS", "0", "'0' is not a whole number of 1 or more."),
            ("OMS_OUTBOX_WORKERS", "ma\nny", r"'ma\nny' is not a whole number of 1 or more."),
            ("OMS_TRUSTED_PROXIES", "-1", "'-1' is not a whole number of 0 or more."),
            ("OMS_METRICS_PORT", "65536", "'65536' is not a port from 1 to 65535, or 0 for none."),
        ],
    )
    def test_is_named_with_what_was_given_and_what_is_allowed(
        self, name: str, value: str, sentence: str
    ) -> None:
        assert said_of(**{name: value}) == f"{name}: {sentence}"

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("ADYEN_HMAC_KEY", "what is given is not made of pairs of hexadecimal digits."),
            ("REDIS_URL", "what is given is not a URL such as redis://host:6379/0."),
        ],
    )
    def test_that_may_be_a_secret_is_not_repeated(self, name: str, sentence: str) -> None:
        assert said_of(**{name: "hush"}) == f"{name}: {sentence}"

    def test_does_not_hide_another(self) -> None:
        said = said_of(OMS_CAPTURE_ON="never", OMS_OUTBOX_WORKERS="many", OMS_REGION="x")
        assert [line.partition(":")[0] for line in said.splitlines()] == [
            "OMS_CAPTURE_ON",
            "OMS_OUTBOX_WORKERS",
        ]

    def test_has_words_whatever_its_kind(self) -> None:
        kinds = {one.encode_name: one.type for one in msgspec.structs.fields(Environment)}
        wrong = [fault_of(name, "\n?", kind) for name, kind in kinds.items() if kind is not str]
        assert len(wrong) > 20
        assert all(wrong)


class TestTheFileOfKeys:
    def test_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        path = str(tmp_path / "none")
        with pytest.raises(ImproperlyConfigured, match="cannot be read: No such file") as refused:
            load_jwks(path)
        assert str(refused.value).startswith(f"OMS_JWKS_FILE: {path!r} ")

    @pytest.mark.parametrize("text", ["", "keys", "[]", "[1]", "{}", '{"keys": {}}'])
    def test_that_holds_no_keys_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "jwks.json"
        path.write_text(text)
        with pytest.raises(ImproperlyConfigured, match="holds no JSON Web Key Set"):
            load_jwks(str(path))
