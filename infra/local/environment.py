"""The environment variables of a stack: where its parts are, and what they share."""

from collections.abc import Mapping
from pathlib import Path

from infra.local.credentials import Credentials
from infra.local.ports import HOST

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

    The payment providers are simulators, but for what is given of them.
    """
    simulators_url = f"http://{HOST}:{simulators_port}"
    unproxied = given.get("NO_PROXY") or given.get("no_proxy")
    no_proxy = f"{unproxied},{LOOPBACK}" if unproxied else LOOPBACK
    providers = {
        "STRIPE_API_BASE": f"{simulators_url}/stripe",
        "STRIPE_API_KEY": "sk_test_local",
        "STRIPE_WEBHOOK_SECRET": credentials.stripe_webhook_secret,
        "ADYEN_API_BASE": f"{simulators_url}/adyen/v72",
        "ADYEN_API_KEY": "key-of-the-local-stack",
        "ADYEN_MERCHANT_ACCOUNT": "LocalShop",
        "ADYEN_HMAC_KEY": credentials.adyen_hmac_key,
    }
    if not given.get("ADYEN_API_BASE"):
        providers |= {
            "ADYEN_WEBHOOK_USER": "adyen-local",
            "ADYEN_WEBHOOK_PASSWORD": credentials.adyen_webhook_password,
            "ADYEN_REPORT_BASE": f"{simulators_url}/adyen/reports/",
        }
    return {
        **given,
        **services,
        **{name: given.get(name) or ours for name, ours in providers.items()},
        **paypal_environment(given, home, f"{simulators_url}/paypal"),
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


def paypal_environment(given: Mapping[str, str], home: Path, simulator: str) -> dict[str, str]:
    """Name the PayPal that was given, or the simulated one, which signs with keys of its own.

    The two are never mixed: with an address of its own, nothing of the simulator's is trusted.
    """
    names = [name for name in EMBEDDED if name.startswith("PAYPAL_")]
    if given.get("PAYPAL_API_BASE"):
        return {name: given[name] for name in names if given.get(name)}
    ours = {
        "PAYPAL_API_BASE": simulator,
        "PAYPAL_CLIENT_ID": "local-client",
        "PAYPAL_CLIENT_SECRET": "local-client-secret",
        "PAYPAL_WEBHOOK_ID": "LOCALWEBHOOK",
        "PAYPAL_WEBHOOK_CHECK": "certificate",
        "PAYPAL_CERTIFICATE_BASE": f"{simulator}/",
        "PAYPAL_CA_FILE": str(home / "simulators" / "paypal" / "ca.pem"),
    }
    return {name: given.get(name) or one for name, one in ours.items()}
