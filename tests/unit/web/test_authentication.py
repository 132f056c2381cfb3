"""Who is let in: holders of a token we signed, for us, now, and nobody else."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.test import Client
from pytest_django import Settings

from apps.kernel.clock import FrozenClock
from apps.kernel.identifiers import CustomerId
from apps.platform.web import authentication
from apps.platform.web.authentication import verify
from apps.platform.web.issuing import public_jwks
from apps.platform.web.principals import Principal
from apps.platform.web.refusals import HttpRefusal
from tests.unit.web.keys import CUSTOMER, NOW, Tokens, new_private_key

CLAIMS: dict[str, Any] = {
    "iss": "https://auth.example",
    "aud": "oms",
    "sub": "storefront",
    "client_id": "storefront",
    "scope": "orders:read",
    "exp": int(NOW.timestamp()) + 60,
}


class Missing:
    """Stands for a claim that is left out."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()


def signed(private_key: str, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not MISSING}
    return jwt.encode(claims, private_key, algorithm="RS256")


def refusal_of(token: str) -> HttpRefusal:
    with pytest.raises(HttpRefusal) as refused:
        verify(token, NOW)
    return refused.value


class TestVerify:
    def test_gives_a_service_with_its_scopes(self, token: Tokens) -> None:
        assert verify(token("orders:read stock:write"), NOW) == Principal(
            subject="storefront",
            kind="service",
            customer_id=None,
            scopes=frozenset({"orders:read", "stock:write"}),
            client_id="storefront",
        )

    def test_gives_a_customer_and_the_program_it_uses(self, private_key: str) -> None:
        principal = verify(
            signed(private_key, customer_id=str(CUSTOMER), client_id="app", sub="c1"), NOW
        )
        assert (principal.kind, principal.customer_id) == ("customer", CUSTOMER)
        assert (principal.client_id, principal.actor) == ("app", f"customer:{CUSTOMER}")

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://auth.evil"},
            {"aud": "other"},
            {"exp": int(NOW.timestamp()) - 30},
            {"exp": "never"},
            {"exp": True},
            {"exp": MISSING},
            {"exp": None},
            {"exp": float("nan")},
            {"exp": float("inf")},
            {"exp": 10**400},
            {"nbf": float("nan")},
            {"sub": "", "client_id": ""},
            {"sub": "a\0b", "client_id": "a\0b"},
            {"sub": "\udcff", "client_id": "\udcff"},
            {"sub": "x" * 256, "client_id": "x" * 256},
            {"nbf": int(NOW.timestamp()) + 31},
            {"sub": MISSING},
            {"sub": None},
            {"customer_id": None},
            {"customer_id": ""},
            {"customer_id": "me"},
            {"customer_id": 5},
            {"scope": ["orders:read"]},
            {"client_id": 5},
            {"client_id": MISSING},
            {"client_id": None},
            {"sub": "somebody", "client_id": "storefront"},
        ],
        ids=str,
    )
    def test_refuses_claims_that_do_not_hold(
        self, private_key: str, changes: dict[str, Any]
    ) -> None:
        refusal = refusal_of(signed(private_key, **changes))
        assert (refusal.status, refusal.code) == (401, "token_invalid")

    def test_forgives_clocks_that_differ_by_less_than_half_a_minute(self, private_key: str) -> None:
        now = int(NOW.timestamp())
        assert verify(signed(private_key, exp=now - 29), NOW).subject == "storefront"
        assert verify(signed(private_key, nbf=now + 30), NOW).subject == "storefront"

    def test_refuses_a_token_signed_by_another_key(self, token: Tokens) -> None:
        assert refusal_of(token(key=new_private_key())).status == 401

    def test_refuses_a_changed_token(self, token: Tokens) -> None:
        header, _, signature = token().split(".")
        claims = {**CLAIMS, "scope": "*"}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        assert refusal_of(f"{header}.{body}.{signature}").status == 401

    def test_lets_no_token_choose_its_algorithm(self, private_key: str) -> None:
        private = load_pem_private_key(private_key.encode(), password=None)
        public_n = public_jwks(private_key)["keys"][0]["n"]
        for forged in (
            jwt.encode(CLAIMS, public_n, algorithm="HS256"),
            jwt.encode(CLAIMS, "", algorithm="none"),
            jwt.encode(CLAIMS, private, algorithm="RS512"),  # type: ignore[arg-type]  # it is RSA
            jwt.encode(CLAIMS, private, algorithm="PS256"),  # type: ignore[arg-type]
        ):
            assert refusal_of(forged).status == 401

    def test_ignores_keys_of_other_kinds_and_uses(
        self, private_key: str, settings: Settings
    ) -> None:
        own = public_jwks(private_key)["keys"][0]
        settings.OMS_JWKS = {
            "keys": [{**own, "use": "enc"}, {"kty": "oct", "k": "c2VjcmV0", "kid": own["kid"]}]
        }
        token = jwt.encode(CLAIMS, "secret" * 8, algorithm="HS256", headers={"kid": own["kid"]})
        assert refusal_of(token).status == 401
        assert refusal_of(signed(private_key)).status == 401

    @pytest.mark.parametrize("text", ["x", "a.b.c", "é" * 10, "x" * 9000, "..", "e30.e30."])
    def test_refuses_what_is_no_token(self, text: str) -> None:
        assert refusal_of(text).status == 401

    def test_trusts_a_verified_token_for_ten_minutes_and_no_longer(
        self, token: Tokens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = token()
        verify(text, NOW)

        def fail(_: str) -> dict[str, Any]:
            raise AssertionError("checked again")

        monkeypatch.setattr(authentication, "_verified_claims", fail)
        assert verify(text, NOW + timedelta(minutes=9, seconds=59)).subject == "storefront"
        with pytest.raises(AssertionError, match="checked again"):
            verify(text, NOW + timedelta(minutes=10))

    def test_never_trusts_a_token_past_its_expiry(self, token: Tokens) -> None:
        text = token(lifetime=timedelta(minutes=1))
        verify(text, NOW)
        with pytest.raises(HttpRefusal, match="expired"):
            verify(text, NOW + timedelta(seconds=90))

    def test_remembers_a_bounded_number_of_tokens(
        self, token: Tokens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(authentication, "REMEMBER_TOKENS", 3)
        for _ in range(5):
            verify(token(), NOW)
        assert len(authentication._memory._verified) == 3


class TestBearer:
    def test_asks_strangers_for_a_token(self, stranger: Client) -> None:
        answer = stranger.get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer  ", "token x"])
    def test_wants_the_bearer_scheme(self, stranger: Client, header: str) -> None:
        assert stranger.get("/api/v1/me", headers={"Authorization": header}).status_code == 401

    def test_tells_that_a_token_is_bad(self, stranger: Client) -> None:
        answer = stranger.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"})
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'

    def test_wants_the_scope_of_the_method(self, stranger: Client, token: Tokens) -> None:
        reader = {"Authorization": f"Bearer {token('orders:read')}"}
        assert stranger.get("/api/v1/baskets", headers=reader).status_code == 200
        refused = stranger.post("/api/v1/baskets", headers=reader)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        assert 'scope="orders:write"' in refused.headers["WWW-Authenticate"]

    def test_gives_the_view_its_caller(
        self, stranger: Client, token: Tokens, clock: FrozenClock
    ) -> None:
        text = token("orders:*", customer_id=CUSTOMER, subject=str(CUSTOMER))
        clock.advance(timedelta(seconds=5))
        answer = stranger.get(
            "/api/v1/me",
            headers={"Authorization": f"bearer {text}", "X-Request-ID": "checkout-7"},
        ).json()
        assert answer["actor"] == answer["user"] == f"customer:{CUSTOMER}"
        assert answer["customer_id"] == str(CUSTOMER)
        assert answer["now"] == "2026-11-22T12:00:05Z"
        assert answer["causation_id"] == "request:checkout-7"


class TestPrincipal:
    @pytest.mark.parametrize(
        ("granted", "may"),
        [
            ("orders:write", True),
            ("orders:*", True),
            ("*", True),
            ("orders:read", False),
            ("order:*", False),
            ("payments:*", False),
            ("orders", False),
            ("", False),
        ],
    )
    def test_may_what_is_granted_itself_by_area_or_wholly(self, granted: str, may: bool) -> None:
        principal = Principal(
            subject="s",
            kind="service",
            customer_id=None,
            scopes=frozenset(granted.split()),
            client_id="s",
        )
        assert principal.may("orders:write") is may

    def test_sees_one_customer_or_as_a_service_all(self) -> None:
        service = Principal(
            subject="s", kind="service", customer_id=None, scopes=frozenset(), client_id="s"
        )
        customer = Principal(
            subject="c", kind="customer", customer_id=CUSTOMER, scopes=frozenset(), client_id="c"
        )
        other = CustomerId(UUID(int=CUSTOMER.int + 1))
        assert service.may_see_customer(other)
        assert customer.may_see_customer(CUSTOMER)
        assert not customer.may_see_customer(other)
        assert not customer.may_see_customer(None)
