"""URLs of databases and mail servers, and an environment that production refuses."""

import re

import msgspec
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import database_from_url
from config.env import Environment, read_environment, refuse_unsafe_production
from config.mail import mail_from_url
from infra.local.home import PROJECT

STRONG = {
    "OMS_SECRET_KEY": "s" * 40,
    "OMS_ORDER_NUMBER_SECRET": "n" * 40,
    "OMS_JWKS_URL": "https://auth.example/jwks",
    "OMS_ALLOWED_HOSTS": "shop.example",
    "OMS_GATEWAYS": "stripe,paypal",
    "STRIPE_API_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "PAYPAL_CLIENT_ID": "client_x",
    "PAYPAL_CLIENT_SECRET": "secret_x",
    "PAYPAL_WEBHOOK_ID": "WEBHOOKX",
}


class TestDatabaseUrl:
    def test_keeps_lists_of_hosts_for_failover(self) -> None:
        read = database_from_url("postgresql://u:p%40ss@a:5432,b:5433/oms")
        assert (read["HOST"], read["PORT"], read["NAME"]) == ("a,b", "5432,5433", "oms")
        assert (read["USER"], read["PASSWORD"]) == ("u", "p@ss")
        assert read["OPTIONS"]["target_session_attrs"] == "read-write"

    def test_looks_for_the_primary_only_where_there_is_a_choice(self) -> None:
        assert "target_session_attrs" not in database_from_url("postgresql://a/oms")["OPTIONS"]
        asked = database_from_url("postgresql://a,b/oms?target_session_attrs=any")
        assert asked["OPTIONS"]["target_session_attrs"] == "any"

    def test_knows_addresses_of_version_6(self) -> None:
        assert database_from_url("postgresql://u@[::1]:5432/oms")["HOST"] == "::1"

    @pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://host", ""])
    def test_refuses_what_is_no_postgresql_url(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
            database_from_url(url)


class TestMailUrl:
    def test_reads_user_port_and_encryption(self) -> None:
        read = mail_from_url("smtp+starttls://u:p%2F@mail.example")
        assert (read["EMAIL_HOST"], read["EMAIL_PORT"]) == ("mail.example", 587)
        assert (read["EMAIL_HOST_PASSWORD"], read["EMAIL_USE_TLS"]) == ("p/", True)

    @pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://h:x"])
    def test_refuses_what_is_no_mail_server(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="OMS_SMTP_URL"):
            mail_from_url(url)


class TestEnvironment:
    def test_names_the_variable_that_has_the_wrong_form(self) -> None:
        with pytest.raises(ImproperlyConfigured, match="OMS_OUTBOX_WORKERS"):
            read_environment({"OMS_OUTBOX_WORKERS": "many"})

    def test_takes_an_empty_value_for_none(self) -> None:
        assert read_environment({"OMS_REGION": ""}).oms_region == "local"

    def test_lets_production_start_with_secrets_of_its_own(self) -> None:
        refuse_unsafe_production(read_environment(STRONG))

    def test_is_explained_in_the_table_of_settings(self) -> None:
        _, _, table = (PROJECT / "README.md").read_text().partition("| variable |")
        rows = [line for line in table.partition("\n## ")[0].splitlines() if line.startswith("| `")]
        explained = {name for row in rows for name in re.findall("`([A-Z_]+)`", row.split("|")[1])}
        read = {field.encode_name for field in msgspec.structs.fields(Environment)}
        elsewhere = {"OMS_PORT", "PROMETHEUS_MULTIPROC_DIR"} | {
            name for name in explained if name.startswith("OTEL_")
        }
        assert explained - elsewhere == read

    @pytest.mark.parametrize("missing", sorted(STRONG))
    def test_refuses_production_with_a_demo_value_and_names_it(self, missing: str) -> None:
        given = {name: value for name, value in STRONG.items() if name != missing}
        with pytest.raises(ImproperlyConfigured, match=missing):
            refuse_unsafe_production(read_environment(given))

    @pytest.mark.parametrize(
        "given",
        [
            {"PAYPAL_CLIENT_ID": "local-client"},
            {"PAYPAL_CLIENT_SECRET": "local-client-secret"},
            {"PAYPAL_WEBHOOK_ID": "LOCALWEBHOOK"},
            {"PAYPAL_CERTIFICATE_BASE": "http://127.0.0.1:8400/paypal/"},
        ],
    )
    def test_refuses_production_with_a_simulated_paypal(self, given: dict[str, str]) -> None:
        (name,) = given
        with pytest.raises(ImproperlyConfigured, match=name):
            refuse_unsafe_production(read_environment({**STRONG, **given}))

    def test_asks_for_nothing_of_a_provider_that_is_not_in_use(self) -> None:
        without = {name: one for name, one in STRONG.items() if not name.startswith("PAYPAL_")}
        refuse_unsafe_production(read_environment({**without, "OMS_GATEWAYS": "stripe"}))

    def test_knows_two_ways_to_check_paypal_s_messages(self) -> None:
        assert read_environment({}).paypal_webhook_check == "certificate"
        asked = read_environment({"PAYPAL_WEBHOOK_CHECK": "postback"})
        assert asked.paypal_webhook_check == "postback"
        with pytest.raises(ImproperlyConfigured, match="PAYPAL_WEBHOOK_CHECK"):
            read_environment({"PAYPAL_WEBHOOK_CHECK": "never"})

    @pytest.mark.parametrize("gateways", ["sandbox", "stripe, sandbox", "sandbox,stripe", ","])
    def test_refuses_production_that_would_take_play_money(self, gateways: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="OMS_GATEWAYS"):
            refuse_unsafe_production(read_environment({**STRONG, "OMS_GATEWAYS": gateways}))
