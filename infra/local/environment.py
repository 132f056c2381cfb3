"""The environment variables of a stack: where its parts are, and what they share."""

from collections.abc import Mapping
from pathlib import Path

from infra.local.credentials import Credentials
from infra.local.ports import HOST
from infra.local.providers import provider_environment

# Asks a stack for servers and providers of its own, whatever the process that starts it may use.
EMBEDDED: Mapping[str, str] = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "CELERY_BROKER_URL": "",
    "OMS_PORT": "",
    "STRIPE_API_BASE": "",
    "STRIPE_API_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "",
    "ADYEN_API_BASE": "",
    "ADYEN_API_KEY": "",
    "ADYEN_MERCHANT_ACCOUNT": "",
    "ADYEN_HMAC_KEY": "",
    "ADYEN_WEBHOOK_USER": "",
    "ADYEN_WEBHOOK_PASSWORD": "",
    "ADYEN_REPORT_BASE": "",
    "ADYEN_REPORT_USER": "",
    "ADYEN_REPORT_PASSWORD": "",
    "PAYPAL_API_BASE": "",
    "PAYPAL_CLIENT_ID": "",
    "PAYPAL_CLIENT_SECRET": "",
    "PAYPAL_WEBHOOK_ID": "",
    "PAYPAL_WEBHOOK_CHECK": "",
    "PAYPAL_CERTIFICATE_BASE": "",
    "PAYPAL_CA_FILE": "",
}
LOOPBACK = "127.0.0.1,localhost"


def mailbox_in(home: Path) -> Path:
    """Name the folder in which mail and text messages end up."""
    return home / "mailbox"


def metrics_in(home: Path) -> Path:
    """Name the folder through which processes add up their metrics."""
    return home / "metrics"


def stack_environment(
    *,
    given: Mapping[str, str],
    home: Path,
    credentials: Credentials,
    services: Mapping[str, str],
    web_port: int,
    simulators_port: int,
) -> dict[str, str]:
    """Complete what was given with the URLs of the services and all that this stack decides.

    The payment providers are simulators, but for those whose keys are given.

    Raises:
        CannotStart: keys of a provider are given in part, or are for real money.
    """
    simulators_url = f"http://{HOST}:{simulators_port}"
    unproxied = given.get("NO_PROXY") or given.get("no_proxy")
    no_proxy = f"{unproxied},{LOOPBACK}" if unproxied else LOOPBACK
    return {
        **given,
        **services,
        **provider_environment(
            given, home=home, credentials=credentials, simulators_url=simulators_url
        ),
        "OMS_HOME": str(home),
        "OMS_BASE_URL": f"http://{HOST}:{web_port}",
        "OMS_SIMULATORS_URL": simulators_url,
        "OMS_MAILBOX_DIR": str(mailbox_in(home)),
        "OMS_SECRET_KEY": credentials.secret_key,
        "OMS_ORDER_NUMBER_SECRET": credentials.order_number_secret,
        "OMS_SANDBOX_SECRET": credentials.sandbox_secret,
        "OMS_JWT_PRIVATE_KEY_FILE": str(credentials.jwt_private_key_file),
        "OMS_JWKS_FILE": str(credentials.jwks_file),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_in(home)),
        "OMS_DIE_WITH_PARENT": "1",
        "PYTHONUNBUFFERED": "1",
        # Everything here is local; a proxy of the machine must not be asked for it.
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
