"""Which payment providers a stack talks to: simulated ones, and those whose keys are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.credentials import Credentials
from infra.local.failure import CannotStart


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider as its variables describe it; `own_base` is the address of its own test system.

    Without one of its `keys` nothing can be asked of it.
    """

    base: str
    own_base: str
    keys: tuple[str, ...]

    def is_meant(self, given: Mapping[str, str]) -> bool:
        """Whether the provider itself is to be talked to, instead of its simulator."""
        return any(given.get(name) for name in (self.base, *self.keys))


PROVIDERS: Mapping[str, Provider] = {
    "stripe": Provider(
        base="STRIPE_API_BASE",
        # Its test mode has the address of the real one: the key decides.
        own_base="https://api.stripe.com",
        keys=("STRIPE_API_KEY",),
    ),
    "adyen": Provider(
        base="ADYEN_API_BASE",
        own_base="https://checkout-test.adyen.com/v72",
        keys=("ADYEN_API_KEY", "ADYEN_MERCHANT_ACCOUNT"),
    ),
    "paypal": Provider(
        base="PAYPAL_API_BASE",
        own_base="https://api-m.sandbox.paypal.com",
        keys=("PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET"),
    ),
}
LIVE_KEYS_OF_STRIPE = ("sk_live_", "rk_live_")


def provider_environment(
    given: Mapping[str, str], *, home: Path, credentials: Credentials, simulators_url: str
) -> dict[str, str]:
    """Complete what was given of each provider, or describe its simulator where nothing was.

    The two are never mixed: what is a provider's goes to no simulator's address, and a simulator's keys
    and authorities stand for no provider. Where nothing was given that a provider signs its messages
    with, a secret of this home stands in, so that nobody's are taken for them.

    Raises:
        CannotStart: keys are given in part, or are for real money.
    """
    if given.get("STRIPE_API_KEY", "").startswith(LIVE_KEYS_OF_STRIPE):
        raise CannotStart(
            "STRIPE_API_KEY is for real money, and demo orders are no place for it: "
            "give a key of Stripe's test mode, or none."
        )
    simulated = _simulated(home=home, credentials=credentials, url=simulators_url)
    secrets = {
        "stripe": {"STRIPE_WEBHOOK_SECRET": credentials.stripe_webhook_secret},
        "adyen": {"ADYEN_HMAC_KEY": credentials.adyen_hmac_key},
        # PayPal signs with a key of its own, and names the receiver: without a name none is ours.
        "paypal": {},
    }
    chosen: dict[str, str] = {}
    for name, provider in PROVIDERS.items():
        ours = simulated[name]
        if provider.is_meant(given):
            _insist_on_keys(name, provider, given)
            ours = {provider.base: provider.own_base, **secrets[name]}
        chosen |= {variable: given.get(variable) or value for variable, value in ours.items()}
    return chosen


def bases_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the address of each provider in the environment of a stack."""
    return {name: environment[provider.base] for name, provider in PROVIDERS.items()}


def _insist_on_keys(name: str, provider: Provider, given: Mapping[str, str]) -> None:
    missing = [one for one in provider.keys if not given.get(one)]
    if missing:
        raise CannotStart(
            f"Something of {name} itself is set, but not {' and '.join(missing)}: "
            "set all of it, or nothing, which has it simulated."
        )


def _simulated(*, home: Path, credentials: Credentials, url: str) -> dict[str, dict[str, str]]:
    return {
        "stripe": {
            "STRIPE_API_BASE": f"{url}/stripe",
            "STRIPE_API_KEY": "sk_test_local",
            "STRIPE_WEBHOOK_SECRET": credentials.stripe_webhook_secret,
        },
        "adyen": {
            "ADYEN_API_BASE": f"{url}/adyen/v72",
            "ADYEN_API_KEY": "key-of-the-local-stack",
            "ADYEN_MERCHANT_ACCOUNT": "LocalShop",
            "ADYEN_HMAC_KEY": credentials.adyen_hmac_key,
            "ADYEN_WEBHOOK_USER": "adyen-local",
            "ADYEN_WEBHOOK_PASSWORD": credentials.adyen_webhook_password,
            "ADYEN_REPORT_BASE": f"{url}/adyen/reports/",
        },
        "paypal": {
            "PAYPAL_API_BASE": f"{url}/paypal",
            "PAYPAL_CLIENT_ID": "local-client",
            "PAYPAL_CLIENT_SECRET": "local-client-secret",
            "PAYPAL_WEBHOOK_ID": "LOCALWEBHOOK",
            "PAYPAL_WEBHOOK_CHECK": "certificate",
            "PAYPAL_CERTIFICATE_BASE": f"{url}/paypal/",
            "PAYPAL_CA_FILE": str(home / "simulators" / "paypal" / "ca.pem"),
        },
    }
