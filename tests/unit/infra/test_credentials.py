"""The secrets of a home: made once, private, and the key pair fits."""

import base64
import hashlib
import json
import stat
from pathlib import Path

import jwt

from infra.local.credentials import credentials_in


class TestCredentials:
    def test_stay_the_same_the_second_time(self, tmp_path: Path) -> None:
        assert credentials_in(tmp_path) == credentials_in(tmp_path)

    def test_differ_from_home_to_home(self, tmp_path: Path) -> None:
        one, other = credentials_in(tmp_path / "one"), credentials_in(tmp_path / "other")

        assert one.secret_key != other.secret_key
        assert one.order_number_secret != other.order_number_secret
        assert one.jwt_private_key_file.read_text() != other.jwt_private_key_file.read_text()

    def test_can_be_read_by_their_owner_alone(self, tmp_path: Path) -> None:
        credentials_in(tmp_path / "secrets")

        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700

    def test_publish_the_key_that_verifies_what_the_private_one_signs(self, tmp_path: Path) -> None:
        credentials = credentials_in(tmp_path)
        token = jwt.encode(
            {"sub": "demo"}, credentials.jwt_private_key_file.read_text(), algorithm="RS256"
        )

        key_set = jwt.PyJWKSet.from_json(credentials.jwks_file.read_text())

        assert jwt.decode(token, key_set.keys[0].key, algorithms=["RS256"]) == {"sub": "demo"}

    def test_name_the_key_by_its_thumbprint(self, tmp_path: Path) -> None:
        key = json.loads(credentials_in(tmp_path).jwks_file.read_text())["keys"][0]

        content = f'{{"e":"{key["e"]}","kty":"RSA","n":"{key["n"]}"}}'
        digest = hashlib.sha256(content.encode()).digest()
        assert key["kid"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert key["e"] == "AQAB"
