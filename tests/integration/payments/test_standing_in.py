"""Another provider takes new orders while the chosen one is down, over real HTTP; none is paid twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from apps.kernel.events.orders import OrderPaymentPending, PaymentAlternative
from apps.kernel.identifiers import CustomerId, OrderId, new_id
from apps.orders.domain.provider_rules import read_rules
from apps.orders.models import Order
from apps.payments.adapters import registry
from apps.payments.adapters.registry import gateway_named
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.dispatch_operations import dispatch_operations, gate_named
from apps.payments.services.start_payments import start_payments
from apps.platform.resilience.breaker import BreakerSettings, Status
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen
from tests.contract.payments.simulated_stripe import SimulatedStripe
from tests.integration.notifications.story import delivered
from tests.integration.shop import drain_all, payment_of, place, settled, stock, work_off
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS: Mapping[str, str] = MappingProxyType(
    {"stripe": "pm_card_visa", "adyen": "stored_card_authorised"}
)
QUICK = BreakerSettings(open_ms=300)
soon_tried_again = pytest.mark.parametrize("breaker", [QUICK])


@dataclass(frozen=True, kw_only=True)
class Providers:
    """The two that orders may be paid through; Stripe is preferred."""

    stripe: SimulatedStripe
    adyen: SimulatedAdyen

    def with_money_of(self, order: Order) -> list[str]:
        """Name those whose books know the payment of an order."""
        payment = payment_of(order)
        known = {"stripe": self.stripe, "adyen": self.adyen}
        return [name for name, one in known.items() if one.has_payment(payment.id)]


@pytest.fixture(scope="module")
def running() -> Iterator[Providers]:
    providers = Providers(stripe=SimulatedStripe(), adyen=SimulatedAdyen())
    providers.stripe.start()
    providers.adyen.start()
    yield providers
    providers.stripe.stop()
    providers.adyen.stop()


@pytest.fixture
def breaker() -> BreakerSettings:
    """One that stays open for longer than a test takes, on the slowest machine."""
    return BreakerSettings(open_ms=300_000)


@pytest.fixture
def providers(
    running: Providers,
    breaker: BreakerSettings,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Providers]:
    running.stripe.begin_anew()
    running.adyen.begin_anew()
    settings.STRIPE_API_BASE = running.stripe.api_base
    settings.STRIPE_API_KEY = "sk_test_standing_in"
    settings.ADYEN_API_BASE = running.adyen.api_base
    settings.ADYEN_API_KEY = "key_standing_in"
    settings.ADYEN_MERCHANT_ACCOUNT = MERCHANT
    settings.ADYEN_HMAC_KEY = KEY
    settings.OMS_PROVIDER_RULES = read_rules("stripe; adyen", providers=settings.OMS_GATEWAYS)
    settings.OMS_PROVIDER_FALLBACK = True
    for gate in ("stripe", "adyen"):
        monkeypatch.setitem(registry.BREAKERS, gate, breaker)
    gateway_named.cache_clear()
    stock({"SKU-A": {"BER": 100}})
    yield running
    gateway_named.cache_clear()
    gate_named.cache_clear()


def place_auto() -> Order:
    return place(provider="auto", tokens=TOKENS)


def pending() -> OrderPaymentPending:
    """Tell of an order that waits for its payment."""
    return OrderPaymentPending(
        order_id=OrderId(new_id()),
        number="X",
        customer_id=CustomerId(new_id()),
        currency="EUR",
        total_minor=100,
        provider="stripe",
        method_type="card",
        method_token=TOKENS["stripe"],
        rule="stripe",
        alternatives=(PaymentAlternative(provider="adyen", token=TOKENS["adyen"]),),
    )


def is_statement(sql: str) -> bool:
    return not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT"))


def stripe_is(status: Status) -> bool:
    return gate_named("stripe").state(timezone.now()).status is status


def let_stripe_fail() -> list[Order]:
    """Place orders until the breaker is open; they were tried at Stripe."""
    orders = [place_auto() for _ in range(5)]
    drain_all()
    dispatch_operations(gate_name="stripe")
    assert not stripe_is(Status.CLOSED)
    return orders


def history_of(order: Order) -> str:
    return str(payment_of(order).history.get(position=1).what)


class TestWhileTheChosenOneIsDown:
    def test_new_orders_are_paid_through_the_next(self, providers: Providers) -> None:
        with providers.stripe.faults(down=True):
            let_stripe_fail()
            order = settled(place_auto())
        assert (order.status, order.payment_provider) == ("confirmed", "adyen")
        assert providers.with_money_of(order) == ["adyen"]
        assert history_of(order) == (
            "Asked for through adyen, because stripe is not available (by the rule stripe)"
        )

    @soon_tried_again
    def test_orders_that_were_tried_there_stay_and_are_paid_there_once(
        self, providers: Providers
    ) -> None:
        with providers.stripe.faults(down=True):
            tried = let_stripe_fail()
            work_off()
        assert {payment_of(order).provider for order in tried} == {"stripe"}

        def are_confirmed() -> bool:
            PaymentOperation.objects.filter(state="pending").update(next_at=timezone.now())
            work_off()
            return {one.status for one in Order.objects.all()} == {"confirmed"}

        wait_until(are_confirmed)
        assert {tuple(providers.with_money_of(order)) for order in tried} == {("stripe",)}
        assert PaymentOperation.objects.filter(kind="authorize").count() == len(tried)

    @soon_tried_again
    def test_an_order_whose_answer_was_lost_is_never_paid_twice(self, providers: Providers) -> None:
        with providers.stripe.faults(lose_answers_rate=1.0):
            lost = let_stripe_fail()
            drain_all()
            PaymentOperation.objects.update(next_at=timezone.now())
            work_off()
        wait_until(lambda: _looked_up(lost))
        assert {tuple(providers.with_money_of(order)) for order in lost} == {("stripe",)}
        assert {payment_of(order).provider for order in lost} == {"stripe"}

    def test_an_event_heard_again_changes_nothing(self, providers: Providers) -> None:
        event = pending()
        start_payments(wanted=[delivered(event)], now=timezone.now())
        with providers.stripe.faults(down=True):
            let_stripe_fail()
            start_payments(wanted=[delivered(event)], now=timezone.now())
        payment = Payment.objects.get(order_id=event.order_id)
        assert payment.provider == "stripe"
        assert payment.operations.count() == 1

    def test_orders_wait_where_the_fallback_is_off(
        self, providers: Providers, settings: Settings
    ) -> None:
        settings.OMS_PROVIDER_FALLBACK = False
        with providers.stripe.faults(down=True):
            let_stripe_fail()
            order = settled(place_auto())
        assert (order.status, order.payment_provider) == ("payment_pending", "stripe")
        assert history_of(order) == "Asked for through stripe, by the rule stripe"
        assert providers.with_money_of(order) == []

    def test_orders_wait_that_named_their_provider_or_have_no_other_token(
        self, providers: Providers
    ) -> None:
        with providers.stripe.faults(down=True):
            let_stripe_fail()
            named = place(provider="stripe", tokens=TOKENS)
            alone = place(provider="auto", tokens={"stripe": "pm_card_visa"})
            work_off()
        assert {payment_of(order).provider for order in (named, alone)} == {"stripe"}
        assert history_of(named) == "Asked for"

    def test_orders_wait_for_the_chosen_one_where_all_are_down(self, providers: Providers) -> None:
        with providers.stripe.faults(down=True), providers.adyen.faults(down=True):
            let_stripe_fail()
            for _ in range(5):
                place_auto()
            drain_all()
            dispatch_operations(gate_name="adyen")
            last = place_auto()
            drain_all()
        assert payment_of(last).provider == "stripe"

    @pytest.mark.parametrize("is_away", [False, True])
    def test_the_next_takes_what_was_placed_before_the_chosen_one_was_taken_out(
        self, providers: Providers, settings: Settings, is_away: bool
    ) -> None:
        settings.OMS_GATEWAYS = ["adyen"]
        event = pending()
        with providers.adyen.faults(down=is_away):
            if is_away:
                others = [delivered(pending()) for _ in range(5)]
                start_payments(wanted=others, now=timezone.now())
                dispatch_operations(gate_name="adyen")
            start_payments(wanted=[delivered(event)], now=timezone.now())
        payment = Payment.objects.get(order_id=event.order_id)
        assert (payment.provider, payment.status) == ("adyen", "pending")
        assert payment.operations.count() == 1

    def test_a_payment_fails_at_once_where_nobody_is_in_use(
        self, providers: Providers, settings: Settings
    ) -> None:
        settings.OMS_GATEWAYS = ["sandbox"]
        event = pending()
        start_payments(wanted=[delivered(event)], now=timezone.now())
        payment = Payment.objects.get(order_id=event.order_id)
        assert (payment.provider, payment.status) == ("stripe", "failed")
        assert payment.operations.count() == 0

    @pytest.mark.parametrize("is_on", [True, False])
    def test_it_costs_no_statement_to_choose(
        self, providers: Providers, settings: Settings, is_on: bool
    ) -> None:
        settings.OMS_PROVIDER_FALLBACK = is_on
        with providers.stripe.faults(down=True):
            let_stripe_fail()
        for size in (1, 100):
            batch = [delivered(pending()) for _ in range(size)]
            with CaptureQueriesContext(connection) as captured:
                start_payments(wanted=batch, now=timezone.now())
            assert sum(is_statement(one["sql"]) for one in captured.captured_queries) == 2

    @soon_tried_again
    def test_some_orders_try_it_again_and_bring_the_others_back(self, providers: Providers) -> None:
        with providers.stripe.faults(down=True):
            let_stripe_fail()
            PaymentOperation.objects.update(next_at="2999-01-01T00:00Z")
        wait_until(lambda: gate_named("stripe").could_start(9, timezone.now()) == 3)
        orders = [place_auto() for _ in range(5)]
        drain_all()
        by_provider = [payment_of(order).provider for order in orders]
        assert sorted(by_provider) == ["adyen", "adyen", "stripe", "stripe", "stripe"]
        work_off()
        assert stripe_is(Status.CLOSED)
        assert settled(place_auto()).payment_provider == "stripe"


def _looked_up(orders: list[Order]) -> bool:
    PaymentOperation.objects.filter(state__in=("unknown", "pending")).update(next_at=timezone.now())
    work_off()
    ids = [order.id for order in orders]
    return not Order.objects.filter(id__in=ids).exclude(status="confirmed").exists()
