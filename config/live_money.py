"""What tells a provider's test system from the real one: production must not take orders for play money."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import ImproperlyConfigured

from config.env import Environment

NOT_LIVE = frozenset({"local", "test", "ci", "development", "staging"})
"""The environments that may run for play money; by any other name it is production."""
ADDRESSES_OF_GATEWAYS = {
    "stripe": ("stripe_api_base",),
    "adyen": ("adyen_api_base", "adyen_report_base"),
    "paypal": ("paypal_api_base",),
}
"""Where each provider is asked, and with its keys."""
_NAMES_OF_PAYPAL = ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id")
_TEST_HOST = re.compile(r"(?:^|[.-])(?:test|sandbox|localhost)(?:[.-]|$)")
_TEST_KEY_OF_STRIPE = re.compile(r"^[a-z]+_(?:[a-z]+_)?test_")
# PayPal's real names begin otherwise, so a name that is only unlucky cannot stop a start.
_TEST_NAME_OF_PAYPAL = re.compile(r"^(?:sb$|sb[-_]|sandbox|test)", re.IGNORECASE)


def is_live(environment: str) -> bool:
    """Tell whether real money is taken in the environment that `OMS_ENV` names; in doubt it is.

    So a name that nobody foresaw, as `prod` or `production-eu`, is guarded and not let through.
    """
    return environment not in NOT_LIVE


def refuse_test_accounts(env: Environment) -> None:
    """Stop a process that takes real money and would ask a provider's test system, or anybody without https.

    Only the providers in use count. No value of a key is told.

    Raises:
        ImproperlyConfigured: with a line for each variable at fault, sorted by name.
    """
    faults = sorted((*_addresses(env), *_keys(env)))
    if faults:
        raise ImproperlyConfigured("\n".join(faults))


def _addresses(env: Environment) -> Iterator[str]:
    unset = msgspec.structs.asdict(Environment())
    for gateway, names in ADDRESSES_OF_GATEWAYS.items():
        for name in names if gateway in env.gateways else ():
            address = getattr(env, name)
            fault = _fault_of_address(address, is_unset=address == unset[name])
            if fault:
                yield f"{name.upper()}: {fault}"


def _fault_of_address(address: str, *, is_unset: bool) -> str:
    try:
        read = urlsplit(address)
        scheme, host = read.scheme, read.hostname or ""
    except ValueError:
        scheme, host = "", ""
    if scheme != "https" or not host:
        return "production asks its providers over https only; name their live address."
    if _TEST_HOST.search(host):
        why = "without a value it is" if is_unset else "this is"
        return f"{why} a test system ({host}); name the live address."
    return ""


def _keys(env: Environment) -> Iterator[str]:
    if "stripe" in env.gateways and _TEST_KEY_OF_STRIPE.match(env.stripe_api_key):
        yield "STRIPE_API_KEY: this is a key of Stripe's test mode; production needs a live one."
    if "paypal" in env.gateways:
        for name in _NAMES_OF_PAYPAL:
            if _TEST_NAME_OF_PAYPAL.match(getattr(env, name)):
                yield f"{name.upper()}: this is of PayPal's sandbox; production needs the live one."
