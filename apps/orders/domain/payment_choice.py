"""How an order is paid: through whom, from what, and who else could take the money."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from apps.orders.domain.provider_rules import Candidate, ProviderRule, list_candidates
from apps.orders.domain.refusals import NoProviderFits, UnsupportedChoice

AUTO = "auto"
"""What stands for a provider where the rules are to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWish:
    """What a customer asks for: one provider with its token, or `auto` with tokens by provider.

    `token` is empty where there are `tokens`. Tokens of several providers may come with a named one,
    too: that one is taken.
    """

    provider: str
    method_type: str
    token: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChoice:
    """Who is to take the money, from what, and by which rule; without one it was asked for by name.

    `alternatives` are the candidates after the first, in order.
    """

    provider: str
    token: str
    rule: str = ""
    alternatives: Sequence[Candidate] = ()


def choose_payment(
    wish: PaymentWish,
    *,
    currency: str,
    country: str,
    rules: Sequence[ProviderRule],
    providers: Collection[str],
    methods: Mapping[str, Collection[str]],
) -> PaymentChoice:
    """Decide through whom an order is paid; `providers` are those in use, `methods` what each takes.

    Raises:
        UnsupportedChoice: a provider is not in use, its token is missing or one too many, or it does not
            take the way to pay.
        NoProviderFits: the rules were to choose, and none of them fits what the order has tokens of.
    """
    _insist_on_tokens(wish, providers)
    if wish.provider != AUTO:
        _insist_on_method(wish, methods[wish.provider])
        return PaymentChoice(provider=wish.provider, token=wish.token or wish.tokens[wish.provider])
    candidates = list_candidates(
        rules,
        method=wish.method_type,
        currency=currency,
        country=country,
        tokens=wish.tokens,
        providers=[one for one in providers if wish.method_type in methods[one]],
    )
    if not candidates:
        raise NoProviderFits(
            f"None of the providers that there are tokens of takes such an order by {wish.method_type}.",
            pointer="/payment/method/tokens",
        )
    first, *alternatives = candidates
    return PaymentChoice(
        provider=first.provider, token=first.token, rule=first.rule, alternatives=alternatives
    )


def _insist_on_method(wish: PaymentWish, methods: Collection[str]) -> None:
    if wish.method_type not in methods:
        raise UnsupportedChoice(
            f"{wish.provider} does not take {wish.method_type}; "
            f"choose {' or '.join(sorted(methods))}, or another provider.",
            pointer="/payment/method/type",
        )


def _insist_on_tokens(wish: PaymentWish, providers: Collection[str]) -> None:
    for provider in wish.tokens:
        if provider not in providers:
            raise UnsupportedChoice(
                f"{provider!r} is not offered; choose of {', '.join(sorted(providers))}.",
                pointer=f"/payment/method/tokens/{provider}",
            )
    if wish.provider != AUTO and wish.provider not in providers:
        raise UnsupportedChoice(
            f"{wish.provider!r} is not offered; choose one of {', '.join(sorted(providers))}, "
            f"or {AUTO}.",
            pointer="/payment/provider",
        )
    if wish.token and wish.tokens:
        raise UnsupportedChoice(
            "Send one token or tokens by provider, not both.", pointer="/payment/method/token"
        )
    if wish.provider == AUTO and not wish.tokens:
        raise UnsupportedChoice(
            "A token belongs to one provider: name that, or send tokens by provider.",
            pointer="/payment/method/tokens",
        )
    if wish.provider != AUTO and not wish.token and wish.provider not in wish.tokens:
        raise UnsupportedChoice(
            f"There is no token of {wish.provider}.", pointer="/payment/method/token"
        )
