"""Through whom an order is paid, where whoever places it leaves that to us.

Rules are configuration, in order of preference, such as

    paypal: method=paypal; adyen: currency=USD country=US|CA; stripe

Each names a provider and what must hold for it: every condition, with one of its values. A provider is
a candidate where one of its rules fits and the order has a token of it; the first candidate is chosen.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from apps.kernel.address import COUNTRIES
from apps.kernel.money import UnknownCurrency, exponent
from apps.orders.domain.placement import PAYMENT_METHODS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRule:
    """One rule: a provider, the conditions by name with their values, and how it was written."""

    provider: str
    conditions: Mapping[str, frozenset[str]]
    text: str

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether every condition has the fact of its name among its values."""
        return all(facts[name] in values for name, values in self.conditions.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A provider that could be chosen, with the order's token of it and the rule that names it."""

    provider: str
    token: str
    rule: str


class InvalidRules(ValueError):
    """The rules cannot be read; the sentence says what is wrong with which."""


def read_rules(text: str, *, providers: Sequence[str]) -> tuple[ProviderRule, ...]:
    """Read the rules as they are configured; no text at all means every provider in use, in their order.

    Raises:
        InvalidRules: naming the first rule at fault and why.
    """
    if not text.strip():
        return tuple(
            ProviderRule(provider=provider, conditions={}, text=provider) for provider in providers
        )
    written = [one.strip() for one in text.split(";")]
    return tuple(_read(one, nth, providers) for nth, one in enumerate(written, start=1))


def list_candidates(
    rules: Sequence[ProviderRule],
    *,
    method: str,
    currency: str,
    country: str,
    tokens: Mapping[str, str],
    providers: Collection[str],
) -> list[Candidate]:
    """Give the providers in use that an order could be paid through, the preferred one first, each once.

    `country` is where the parcels go, `tokens` what the order may be paid from, by provider.
    """
    facts = {"method": method, "currency": currency, "country": country}
    found: dict[str, Candidate] = {}
    for rule in rules:
        provider = rule.provider
        may_be = provider in tokens and provider in providers and provider not in found
        if may_be and rule.fits(facts):
            found[provider] = Candidate(provider=provider, token=tokens[provider], rule=rule.text)
    return list(found.values())


def _read(text: str, nth: int, providers: Sequence[str]) -> ProviderRule:
    name, colon, conditions = text.partition(":")
    provider = name.strip()
    where = f"rule {nth} ({text!r})"
    if provider not in providers:
        raise InvalidRules(
            f"{where} begins with no provider in use; choose one of {', '.join(providers)}"
        )
    if colon and not conditions.strip():
        raise InvalidRules(f"{where} has no condition after its colon")
    read: dict[str, frozenset[str]] = {}
    for condition in conditions.split():
        name, _, values = condition.partition("=")
        if name not in _IS_KNOWN:
            raise InvalidRules(f"{where}: {condition!r} is none of method=…, currency=…, country=…")
        if name in read:
            raise InvalidRules(f"{where} names {name} twice; write {name}=A|B")
        read[name] = frozenset(values.split("|"))
        unknown = sorted(one for one in read[name] if not _IS_KNOWN[name](one))
        if unknown:
            raise InvalidRules(f"{where}: {unknown[0]!r} is no {name}")
    return ProviderRule(provider=provider, conditions=read, text=" ".join(text.split()))


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


_IS_KNOWN: Mapping[str, Callable[[str], bool]] = {
    "method": PAYMENT_METHODS.__contains__,
    "currency": _is_currency,
    "country": COUNTRIES.__contains__,
}
