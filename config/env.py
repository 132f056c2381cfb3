"""The environment of the process, read once, typed and checked, with one clear error for all that is wrong."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.decoding import convert
from apps.orders.domain.provider_rules import InvalidRules, ProviderRule, read_rules
from apps.payments.domain.fees import InvalidLimits, read_fee_limits
from config.kinds import Hexadecimal, LogLevel, NotNegative, Port, Positive, RedisUrl, fault_of

LOCAL_SECRET = "local-only-never-in-production"

KEYS_OF_GATEWAYS = {
    "stripe": ("stripe_api_key", "stripe_webhook_secret"),
    "adyen": ("adyen_api_key", "adyen_merchant_account", "adyen_hmac_key"),
    "paypal": ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id"),
}
"""What each payment provider in use must be given in production."""
_NEEDED = "{}: production needs a value of its own."


class Environment(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Every variable that the platform reads; the README's table of settings mirrors it."""

    database_url: str = "postgresql://postgres@127.0.0.1:5432/oms"
    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    celery_broker_url: str = ""

    oms_env: str = "local"
    oms_service: str = "oms"
    oms_region: str = "local"
    oms_home: str = ".oms"
    oms_shop_time_zone: str = "UTC"
    oms_base_url: str = "http://127.0.0.1:8000"
    oms_simulators_url: str = ""
    oms_allowed_hosts: str = "*"
    oms_secret_key: str = LOCAL_SECRET
    oms_order_number_secret: str = LOCAL_SECRET
    oms_log_level: LogLevel = "INFO"

    oms_jwt_issuer: str = "https://auth.oms.local"
    oms_jwt_audience: str = "oms"
    oms_jwks_url: str = ""
    oms_jwks_file: str = ""
    oms_jwt_private_key_file: str = ""

    oms_outbox_workers: Positive = 1
    oms_rate_limit_per_minute: Positive = 60_000
    oms_waiting_requests: Positive = 12
    oms_trusted_proxies: NotNegative = 0
    oms_metrics_token: str = ""
    oms_metrics_port: Port = 0

    oms_reservation_minutes: Positive = 15
    oms_reservation_limit_minutes: Positive = 24 * 60
    oms_review_above_minor: NotNegative = 0
    oms_lead_refund_hundredths: NotNegative = 20_000
    oms_payment_action_minutes: Positive = 15
    oms_capture_on: Literal["confirmation", "request"] = "confirmation"
    oms_authorisation_warning_hours: Positive = 24
    oms_authorisation_ending: Literal["warn", "capture", "renew"] = "warn"
    oms_payment_wait_minutes: Positive = 12 * 60
    oms_settlement_days: NotNegative = 7
    oms_fee_limits: str = ""
    oms_waiting_call_minutes: Positive = 60

    oms_gateways: str = "sandbox,stripe,adyen,paypal"
    oms_provider_rules: str = ""
    oms_provider_fallback: Literal["on", "off"] = "off"
    oms_gateway_concurrency: Positive = 30
    oms_gateway_recovery_per_second: Positive = 100
    oms_sandbox_latency_ms: NotNegative = 0
    oms_sandbox_secret: str = LOCAL_SECRET
    stripe_api_base: str = "https://api.stripe.com"
    stripe_api_key: str = ""
    stripe_webhook_secret: str = ""
    adyen_api_base: str = "https://checkout-test.adyen.com/v72"
    adyen_api_key: str = ""
    adyen_merchant_account: str = ""
    adyen_hmac_key: Hexadecimal = ""
    adyen_webhook_user: str = ""
    adyen_webhook_password: str = ""
    adyen_report_base: str = "https://ca-test.adyen.com/reports/"
    adyen_report_user: str = ""
    adyen_report_password: str = ""
    paypal_api_base: str = "https://api-m.paypal.com"
    paypal_client_id: str = ""
    paypal_client_secret: str = ""
    paypal_webhook_id: str = ""
    paypal_webhook_check: Literal["certificate", "postback"] = "certificate"
    paypal_certificate_base: str = ""
    paypal_ca_file: str = ""

    oms_email_from: str = "orders@shop.example"
    oms_mailbox_dir: str = ""
    oms_smtp_url: str = ""

    @property
    def gateways(self) -> list[str]:
        """The payment providers in use."""
        return [name.strip() for name in self.oms_gateways.split(",") if name.strip()]

    @property
    def provider_rules(self) -> tuple[ProviderRule, ...]:
        """Which of them is chosen for an order that names none.

        Raises:
            ImproperlyConfigured: saying what is wrong with which rule.
        """
        try:
            return read_rules(self.oms_provider_rules, providers=self.gateways)
        except InvalidRules as error:
            raise ImproperlyConfigured(f"OMS_PROVIDER_RULES: {error}.") from error

    @property
    def fee_limits(self) -> dict[str, int]:
        """What share of a charge a provider may keep, in hundredths of a percent; who is not named has no limit.

        Raises:
            ImproperlyConfigured: saying what is wrong with which limit.
        """
        try:
            return read_fee_limits(self.oms_fee_limits, providers=self.gateways)
        except InvalidLimits as error:
            raise ImproperlyConfigured(f"OMS_FEE_LIMITS: {error}.") from error


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """Turn the variables into an `Environment`; one that is set to nothing counts as unset.

    Raises:
        ImproperlyConfigured: variables have the wrong form; the message has a line for each.
    """
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(Environment)}
    given = {name: value for name, value in variables.items() if name in kinds and value != ""}
    faults = [fault_of(name, value, kinds[name]) for name, value in sorted(given.items())]
    if any(faults):
        raise ImproperlyConfigured("\n".join(fault for fault in faults if fault))
    env = convert(given, Environment, strict=False)
    _insist_on_time_zone(env.oms_shop_time_zone)
    if bool(env.adyen_webhook_user) != bool(env.adyen_webhook_password):
        raise ImproperlyConfigured("ADYEN_WEBHOOK_USER and ADYEN_WEBHOOK_PASSWORD go together.")
    if bool(env.adyen_report_user) != bool(env.adyen_report_password):
        raise ImproperlyConfigured("ADYEN_REPORT_USER and ADYEN_REPORT_PASSWORD go together.")
    return env


def _insist_on_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"OMS_SHOP_TIME_ZONE: there is no time zone {name!r}; "
            "name one as Europe/Berlin is named."
        ) from error


def refuse_unsafe_production(env: Environment) -> None:
    """Stop a production process that would run with a demo secret, without its keys, or for play money.

    Raises:
        ImproperlyConfigured: with a line for each variable at fault, sorted by name.
    """
    faults = [
        f"{name.upper()}: production needs a strong value of its own, of 32 characters or more."
        for name in ("oms_secret_key", "oms_order_number_secret")
        if getattr(env, name) == LOCAL_SECRET or len(getattr(env, name)) < 32
    ]
    if not env.gateways or "sandbox" in env.gateways:
        faults.append("OMS_GATEWAYS: production takes real providers only.")
    if not (env.oms_jwks_url or env.oms_jwks_file):
        faults.append(_NEEDED.format("OMS_JWKS_URL"))
    if env.oms_allowed_hosts == "*":
        faults.append(_NEEDED.format("OMS_ALLOWED_HOSTS"))
    faults += [
        _NEEDED.format(name.upper())
        for gateway, names in KEYS_OF_GATEWAYS.items()
        for name in names
        if gateway in env.gateways and _is_for_play(getattr(env, name))
    ]
    if "paypal" in env.gateways and env.paypal_certificate_base:
        faults.append("PAYPAL_CERTIFICATE_BASE: production takes PayPal's own certificates only.")
    if "adyen" in env.gateways and not env.adyen_report_base.startswith("https://"):
        faults.append("ADYEN_REPORT_BASE: production fetches reports over https only.")
    if faults:
        raise ImproperlyConfigured("\n".join(sorted(faults)))


def _is_for_play(value: str) -> bool:
    return not value or "local" in value.lower()


def load_jwks(path: str) -> dict[str, object]:
    """Read a JSON Web Key Set from a file; an empty path gives a set that verifies nothing.

    Raises:
        ImproperlyConfigured: the file cannot be read or holds no such set.
    """
    if not path:
        return {"keys": []}
    try:
        keys = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ImproperlyConfigured(
            f"OMS_JWKS_FILE: {path!r} cannot be read: {error.strerror}."
        ) from error
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        raise ImproperlyConfigured(f"OMS_JWKS_FILE: {path!r} holds no JSON Web Key Set.")
    return keys
