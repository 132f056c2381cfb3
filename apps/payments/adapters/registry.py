"""Which gateways are set up, by configuration."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from apps.payments.domain.refusals import UnknownProvider
from apps.payments.ports import PaymentGateway
from apps.platform.resilience.breaker import BreakerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """A gateway: where its adapter is, loaded when first used, and the gates its calls go through.

    `methods` are the ways to pay that the adapter knows how to ask the provider for, `validity` is how
    long the provider holds an authorisation, for those of which it does not say that itself. `charges_told_by`
    are the kinds of its messages that say that a payment was charged.
    """

    adapter: str
    gates: tuple[str, ...]
    methods: frozenset[str]
    validity: timedelta = timedelta(days=7)
    charges_told_by: frozenset[str] = frozenset()


SANDBOX = "sandbox"
GATEWAYS = {
    SANDBOX: GatewayEntry(
        adapter="apps.payments.adapters.sandbox.SandboxGateway",
        gates=("sandbox", "sandbox-down", "sandbox-lost", "sandbox-twice"),
        methods=frozenset({"card", "apple_pay", "paypal"}),
    ),
    "stripe": GatewayEntry(
        adapter="apps.payments.adapters.stripe.gateway.StripeGateway",
        gates=("stripe",),
        methods=frozenset({"card", "apple_pay"}),
        charges_told_by=frozenset({"payment_intent.succeeded"}),
    ),
    "adyen": GatewayEntry(
        adapter="apps.payments.adapters.adyen.gateway.AdyenGateway",
        gates=("adyen",),
        methods=frozenset({"card", "apple_pay"}),
        validity=timedelta(days=28),
        charges_told_by=frozenset({"CAPTURE"}),
    ),
    "paypal": GatewayEntry(
        adapter="apps.payments.adapters.paypal.gateway.PayPalGateway",
        gates=("paypal",),
        methods=frozenset({"paypal"}),
        validity=timedelta(days=29),
        charges_told_by=frozenset({"PAYMENT.CAPTURE.COMPLETED"}),
    ),
}
"""Every gateway there is; `OMS_GATEWAYS` names those in use."""
BREAKERS = {
    "sandbox-lost": BreakerSettings(window_calls=200, failure_percent=100, failures_in_a_row=200)
}
"""Gates whose breaker does not go by the platform's numbers: the calls of this one fail on purpose, each
of them once, and would queue for minutes before a breaker that takes that for an outage."""


def refuse_unknown_gateways() -> None:
    """Stop a process whose settings name a gateway that there is not.

    Raises:
        ImproperlyConfigured: naming it, and those that there are.
    """
    unknown = sorted(set(settings.OMS_GATEWAYS) - GATEWAYS.keys())
    if unknown:
        raise ImproperlyConfigured(
            f"OMS_GATEWAYS: there is no {', '.join(unknown)}; choose of {', '.join(GATEWAYS)}."
        )


def is_set_up(provider: str) -> bool:
    """Whether orders may be paid through the provider."""
    return provider in settings.OMS_GATEWAYS and provider in GATEWAYS


def validity_of(provider: str) -> timedelta:
    """Give how long a provider holds an authorisation; the shortest we know, for one not known any more."""
    entry = GATEWAYS.get(provider)
    return entry.validity if entry else timedelta(days=3)


def tells_of_charge(provider: str, kind: str) -> bool:
    """Whether a provider's message of this kind says that a payment was charged."""
    entry = GATEWAYS.get(provider)
    return entry is not None and kind in entry.charges_told_by


@cache
def gateway_named(provider: str) -> PaymentGateway:
    """Give the adapter of a provider, made once per process.

    Raises:
        UnknownProvider: there is none of that name.
    """
    if provider not in GATEWAYS:
        raise UnknownProvider(f"There is no gateway named {provider!r}.")
    gateway: PaymentGateway = import_string(GATEWAYS[provider].adapter).from_settings()
    return gateway


def list_gates() -> list[str]:
    """Give the gates that calls may wait at."""
    return [
        gate for name in settings.OMS_GATEWAYS if is_set_up(name) for gate in GATEWAYS[name].gates
    ]
