"""Rules that choose a provider: how they are read, and which one fits."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.orders.domain.payment_choice import AUTO, PaymentWish, choose_payment
from apps.orders.domain.provider_rules import (
    InvalidRules,
    ProviderRule,
    list_candidates,
    read_rules,
)
from apps.orders.domain.refusals import NoProviderFits, UnsupportedChoice

PROVIDERS = ("sandbox", "stripe", "adyen", "paypal")
WRITTEN = "paypal: method=paypal; adyen: currency=GBP|SEK country=GB|SE; stripe"
RULES = read_rules(WRITTEN, providers=PROVIDERS)
TOKENS = {"stripe": "pm_1", "adyen": "stored_1", "paypal": "wallet"}


def chosen(
    rules: tuple[ProviderRule, ...] = RULES,
    *,
    method: str = "card",
    currency: str = "EUR",
    country: str = "DE",
    tokens: dict[str, str] | None = None,
    providers: tuple[str, ...] = PROVIDERS,
) -> list[str]:
    found = list_candidates(
        rules,
        method=method,
        currency=currency,
        country=country,
        tokens=TOKENS if tokens is None else tokens,
        providers=providers,
    )
    return [one.provider for one in found]


class TestReading:
    def test_takes_providers_with_their_conditions_in_order(self) -> None:
        assert [one.provider for one in RULES] == ["paypal", "adyen", "stripe"]
        assert [dict(one.conditions) for one in RULES] == [
            {"method": frozenset({"paypal"})},
            {"currency": frozenset({"GBP", "SEK"}), "country": frozenset({"GB", "SE"})},
            {},
        ]
        assert RULES[1].text == "adyen: currency=GBP|SEK country=GB|SE"

    @pytest.mark.parametrize("text", ["", "  "])
    def test_takes_every_provider_in_use_where_there_are_none(self, text: str) -> None:
        rules = read_rules(text, providers=("adyen", "stripe"))
        assert [(one.provider, one.text) for one in rules] == [
            ("adyen", "adyen"),
            ("stripe", "stripe"),
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("klarna", "rule 1 ('klarna') begins with no provider in use; choose one of sandbox"),
            ("stripe; klarna: method=card", "rule 2"),
            ("stripe;", "rule 2 ('') begins with no provider"),
            (";", "rule 1"),
            ("stripe: ", "no condition after its colon"),
            ("stripe method=card", "begins with no provider"),
            ("stripe: card", "'card' is none of method=…, currency=…, country=…"),
            ("stripe: amount=10", "'amount=10' is none of"),
            ("stripe: method", "'' is no method"),
            ("stripe: method=", "'' is no method"),
            ("stripe: method=cheque", "'cheque' is no method"),
            ("stripe: currency=EUR|", "'' is no currency"),
            ("stripe: currency=eur", "'eur' is no currency"),
            ("stripe: currency=XXX", "'XXX' is no currency"),
            ("stripe: country=UK", "'UK' is no country"),
            ("stripe: country=DE country=AT", "names country twice; write country=A|B"),
        ],
    )
    def test_says_what_is_wrong_with_which_rule(self, text: str, said: str) -> None:
        with pytest.raises(InvalidRules) as refused:
            read_rules(text, providers=PROVIDERS)
        assert said in str(refused.value)


class TestChoosing:
    def test_prefers_the_first_rule_that_fits(self) -> None:
        assert chosen() == ["stripe"]
        assert chosen(method="paypal") == ["paypal", "stripe"]
        assert chosen(currency="SEK", country="SE") == ["adyen", "stripe"]

    def test_asks_for_every_condition_of_a_rule(self) -> None:
        assert chosen(currency="GBP", country="DE") == ["stripe"]
        assert chosen(currency="EUR", country="GB") == ["stripe"]

    def test_leaves_out_whom_the_order_has_no_token_of(self) -> None:
        assert chosen(currency="SEK", country="SE", tokens={"stripe": "pm_1"}) == ["stripe"]
        assert chosen(tokens={"adyen": "stored_1"}) == []

    def test_leaves_out_who_is_not_in_use(self) -> None:
        assert chosen(currency="SEK", country="SE", providers=("adyen",)) == ["adyen"]

    def test_takes_each_provider_once(self) -> None:
        rules = read_rules("stripe: method=card; adyen; stripe", providers=PROVIDERS)
        assert chosen(rules) == ["stripe", "adyen"]
        assert chosen(rules, method="apple_pay") == ["adyen", "stripe"]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(PROVIDERS),
                st.sets(st.sampled_from(["card", "paypal", "apple_pay"])),
                st.sets(st.sampled_from(["EUR", "USD"])),
                st.sets(st.sampled_from(["DE", "US", "GB"])),
            ),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from(["card", "paypal", "apple_pay"]),
        st.sampled_from(["EUR", "USD"]),
        st.sampled_from(["DE", "US", "GB"]),
        st.sets(st.sampled_from(PROVIDERS)),
    )
    def test_gives_whom_a_reader_of_the_rules_would(
        self,
        rules: list[tuple[str, set[str], set[str], set[str]]],
        method: str,
        currency: str,
        country: str,
        with_token: set[str],
    ) -> None:
        def written(provider: str, *conditions: set[str]) -> str:
            named = zip(("method", "currency", "country"), conditions, strict=True)
            parts = [f"{name}={'|'.join(sorted(values))}" for name, values in named if values]
            return f"{provider}: {' '.join(parts)}" if parts else provider

        read = read_rules("; ".join(written(*rule) for rule in rules), providers=PROVIDERS)
        expected = [
            provider
            for provider, methods, currencies, countries in rules
            if provider in with_token
            and method in (methods or {method})
            and currency in (currencies or {currency})
            and country in (countries or {country})
        ]
        tokens = {provider: f"token_of_{provider}" for provider in with_token}
        found = list_candidates(
            read,
            method=method,
            currency=currency,
            country=country,
            tokens=tokens,
            providers=PROVIDERS,
        )
        assert [one.provider for one in found] == list(dict.fromkeys(expected))
        assert all(one.token == tokens[one.provider] for one in found)


ANY = ("card", "paypal", "apple_pay")
TAKES_ANY = {"stripe": ANY, "adyen": ANY, "paypal": ANY}
TAKES = {"stripe": ("card", "apple_pay"), "adyen": ("card",), "paypal": ("paypal",)}


def decide(
    wish: PaymentWish, methods: Mapping[str, tuple[str, ...]] = TAKES_ANY
) -> tuple[str, str, str, list[str]]:
    choice = choose_payment(
        wish,
        currency="EUR",
        country="DE",
        rules=RULES,
        providers=("stripe", "adyen", "paypal"),
        methods=methods,
    )
    return (
        choice.provider,
        choice.token,
        choice.rule,
        [one.provider for one in choice.alternatives],
    )


def wish(
    provider: str = AUTO, token: str = "", method: str = "paypal", **tokens: str
) -> PaymentWish:
    return PaymentWish(provider=provider, method_type=method, token=token, tokens=tokens)


class TestTheChoice:
    def test_is_the_providers_that_was_named(self) -> None:
        assert decide(wish("adyen", "stored_1")) == ("adyen", "stored_1", "", [])

    def test_of_a_named_one_takes_its_token_among_several_and_no_other(self) -> None:
        assert decide(wish("adyen", **TOKENS)) == ("adyen", "stored_1", "", [])

    def test_is_the_rules_with_whoever_comes_next(self) -> None:
        assert decide(wish(**TOKENS)) == ("paypal", "wallet", "paypal: method=paypal", ["stripe"])

    @pytest.mark.parametrize(
        ("asked", "pointer"),
        [
            (wish("klarna", "x"), "/payment/provider"),
            (wish("adyen", "x", adyen="y"), "/payment/method/token"),
            (wish("adyen"), "/payment/method/token"),
            (wish("adyen", stripe="pm_1"), "/payment/method/token"),
            (wish(token="x"), "/payment/method/tokens"),
            (wish(), "/payment/method/tokens"),
            (wish(stripe="pm_1", klarna="x"), "/payment/method/tokens/klarna"),
            (wish("adyen", adyen="x", klarna="x"), "/payment/method/tokens/klarna"),
        ],
    )
    def test_is_refused_where_tokens_are_missing_or_too_many(
        self, asked: PaymentWish, pointer: str
    ) -> None:
        with pytest.raises(UnsupportedChoice) as refused:
            decide(asked)
        assert refused.value.context["pointer"] == pointer

    @pytest.mark.parametrize(
        ("provider", "method", "said"),
        [
            ("stripe", "paypal", "stripe does not take paypal; choose apple_pay or card, or"),
            ("adyen", "apple_pay", "adyen does not take apple_pay; choose card, or"),
            ("paypal", "card", "paypal does not take card; choose paypal, or"),
        ],
    )
    def test_is_refused_where_the_named_provider_does_not_take_the_method(
        self, provider: str, method: str, said: str
    ) -> None:
        with pytest.raises(UnsupportedChoice, match=said) as refused:
            decide(wish(provider, "x", method), TAKES)
        assert refused.value.context["pointer"] == "/payment/method/type"

    def test_passes_over_whoever_does_not_take_the_method(self) -> None:
        assert decide(wish(**TOKENS), TAKES) == ("paypal", "wallet", "paypal: method=paypal", [])
        assert decide(wish(method="apple_pay", **TOKENS), TAKES)[0] == "stripe"
        with pytest.raises(NoProviderFits, match="takes such an order by paypal"):
            decide(wish(stripe="pm_1"), TAKES)

    def test_is_refused_where_no_rule_fits(self) -> None:
        with pytest.raises(NoProviderFits):
            decide(wish(adyen="stored_1"))
