"""What customers live through, from their click to their mail, over the real processes."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import stripe

from tests.e2e.conftest import Shop
from tests.waiting import wait_until


def mails_about(shop: Shop, number: str) -> list[str]:
    messages = httpx.get(f"{shop.stack.run['mailbox_url']}/messages.json").json()
    listed = messages["messages"] if isinstance(messages, dict) else messages
    return [mail["subject"] for mail in listed if number in json.dumps(mail)]


class TestPlacing:
    def test_an_order_is_confirmed_paid_and_told_by_mail(self, shop: Shop) -> None:
        placed = shop.place()
        assert placed.status_code == 202
        order = shop.becomes(placed.json()["id"], "confirmed")
        order = shop.wait_for(
            order["id"], lambda one: one["payment"]["status"] == "captured", "capture"
        )
        shop.wait_for(
            order["id"], lambda one: len(mails_about(shop, one["number"])) == 2, "two mails"
        )

    def test_an_order_for_too_much_is_called_off_and_nothing_is_held(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 2, "RTM": 1})
        order = shop.becomes(shop.place(sku=sku, quantity=4).json()["id"], "cancelled")
        assert order["cancellation"]["reason"] == "out_of_stock"
        assert sku in order["cancellation"]["detail"]
        assert shop.available(sku) == 3

    def test_a_split_over_warehouses_is_filled(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 2, "RTM": 1})
        shop.becomes(shop.place(sku=sku, quantity=3).json()["id"], "confirmed")
        assert shop.available(sku) == 0

    def test_a_declined_card_gives_the_stock_back_and_says_why(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 1})
        order = shop.becomes(
            shop.place("tok_insufficient_funds", sku=sku).json()["id"], "cancelled"
        )
        assert order["cancellation"] == {
            "reason": "payment_failed",
            "detail": "Your card has insufficient funds.",
        }
        shop.wait_for(order["id"], lambda _: shop.available(sku) == 1, "release")

    def test_the_same_request_again_is_the_same_order(self, shop: Shop) -> None:
        key = str(uuid.uuid4())
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: shop.insist(key), range(30)))
        assert len({answer.content for answer in answers}) == 1

    def test_a_key_that_is_not_ascii_is_refused_as_what_it_is(self, shop: Shop) -> None:
        key = {b"Idempotency-Key": "schlüssel".encode()}
        answer = shop.http.post("/api/v1/orders", headers=key, json={})
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")

    def test_two_hundred_buyers_get_ten_units_of_three_warehouses(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 4, "RTM": 3, "LYS": 3})
        with ThreadPoolExecutor(16) as pool:
            placed = list(pool.map(lambda _: shop.place_surely(sku=sku), range(200)))
        for order_id in placed:
            shop.wait_for(
                order_id, lambda one: one["status"] in ("confirmed", "cancelled"), "an outcome"
            )
        confirmed = shop.ask(
            "SELECT count(*) FROM orders_order WHERE status = 'confirmed' AND id = ANY(%s::uuid[])",
            placed,
        )
        assert confirmed == [(10,)]
        assert shop.available(sku) == 0


class TestApproving:
    def test_a_sandbox_payment_is_approved_on_its_page(self, shop: Shop) -> None:
        order_id = shop.place("tok_requires_action").json()["id"]
        order = shop.wait_for(order_id, lambda one: one["payment"]["action_url"], "an action")
        with httpx.Client(follow_redirects=True) as browser:
            page = browser.get(order["payment"]["action_url"])
            token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            done = browser.post(
                page.url,
                data={"csrfmiddlewaretoken": token, "decision": "approve"},
                headers={"Referer": str(page.url)},
            )
        assert "Thank you" in done.text
        shop.becomes(order_id, "confirmed")


class TestCancelling:
    def test_a_confirmed_order_is_refunded_and_its_stock_is_free_again(self, shop: Shop) -> None:
        sku = shop.put_product({"BER": 1})
        order_id = shop.place(sku=sku).json()["id"]
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")
        answer = shop.cancel(order_id)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["payment"]["status"] == "refunded"
        assert shop.available(sku) == 1


class TestStripe:
    def test_an_order_is_paid_through_the_official_client(self, shop: Shop) -> None:
        order_id = shop.place("pm_card_visa", provider="stripe").json()["id"]
        shop.becomes(order_id, "confirmed")
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")

    def test_a_decline_is_told_in_plain_words(self, shop: Shop) -> None:
        order_id = shop.place("pm_card_visa_chargeDeclined", provider="stripe").json()["id"]
        order = shop.becomes(order_id, "cancelled")
        assert order["cancellation"]["reason"] == "payment_failed"
        assert order["cancellation"]["detail"].endswith(".")

    def test_3d_secure_goes_on_when_the_customer_approves(self, shop: Shop) -> None:
        order_id = shop.place("pm_card_authenticationRequired", provider="stripe").json()["id"]
        order = shop.wait_for(order_id, lambda one: one["payment"]["action_url"], "an action")
        (intent,) = shop.ask(
            'SELECT "authorization" FROM payments_payment WHERE order_id = %s', order_id
        )[0]
        assert intent in order["payment"]["action_url"]
        httpx.post(f"{order['payment']['action_url']}/approve")
        shop.becomes(order_id, "confirmed")

    def test_orders_wait_through_an_outage_and_are_confirmed_after_it(self, shop: Shop) -> None:
        shop.faults(down=True)
        waiting = [shop.place("pm_card_visa", provider="stripe") for _ in range(8)]
        assert {answer.status_code for answer in waiting} == {202}
        for answer in waiting:
            shop.becomes(answer.json()["id"], "payment_pending")
        shop.becomes(shop.place().json()["id"], "confirmed")  # other gateways are not held up
        shop.faults()
        for answer in waiting:
            shop.becomes(answer.json()["id"], "confirmed")

    def test_lost_answers_charge_nobody_twice(self, shop: Shop) -> None:
        shop.faults(lose_answers_rate=0.5, seed=7)
        placed = [shop.place("pm_card_visa", provider="stripe").json()["id"] for _ in range(6)]
        time.sleep(4)  # long enough for several lost answers, and for the breaker to open
        shop.faults()
        for order_id in placed:
            shop.becomes(order_id, "confirmed")
        books = httpx.get(f"{shop.stack.run['simulators_url']}/stripe/_books").json()
        lines = books["payments"] if isinstance(books, dict) else books
        mine = [line for line in lines if line["order_id"] in placed]
        assert len(mine) == 6
        for line in mine:
            assert len([i for i in line["intents"] if i["status"] != "canceled"]) == 1

    def test_answers_that_the_sandbox_loses_hold_nobody_up_for_long(self, shop: Shop) -> None:
        placed = [shop.place("tok_timeout").json()["id"] for _ in range(24)]
        shop.becomes(shop.place().json()["id"], "confirmed")
        for order_id in placed:
            shop.becomes(order_id, "confirmed")

    def test_a_sandbox_that_answers_twice_is_paid_once(self, shop: Shop) -> None:
        repeated = shop.repeated_messages("sandbox")
        order_id = shop.place("tok_twice").json()["id"]
        order = shop.wait_for(
            order_id, lambda one: one["payment"]["status"] == "captured", "capture"
        )
        what = [step["what"] for step in order["timeline"]]
        assert what.count("Payment authorized") == what.count("Payment captured") == 1
        told = (
            "SELECT m.handled_at IS NOT NULL FROM payments_providermessagerecord m "
            "JOIN payments_payment p ON p.id = m.payment_id WHERE p.order_id = %s"
        )
        wait_until(lambda: shop.ask(told, order_id) == [(True,)])
        wait_until(lambda: shop.repeated_messages("sandbox") == repeated + 1)

    def test_webhooks_twice_late_and_out_of_order_change_nothing(self, shop: Shop) -> None:
        shop.faults(webhook_duplicates=3, webhook_reorder_ms=500)
        order_id = shop.place("pm_card_visa", provider="stripe").json()["id"]
        shop.becomes(order_id, "confirmed")
        order = shop.wait_for(
            order_id, lambda one: one["payment"]["status"] == "captured", "capture"
        )
        what = [step["what"] for step in order["timeline"]]
        assert what.count("Payment authorized") == 1
        assert what.count("Payment captured") == 1
        # The simulator has sent each of them four times, and we have taken each in once.
        taken_in = (
            "SELECT kind, count(*) FROM payments_providermessagerecord m "
            "JOIN payments_payment p ON p.id = m.payment_id WHERE p.order_id = %s GROUP BY kind"
        )
        wait_until(lambda: len(shop.ask(taken_in, order_id)) >= 2)
        assert dict(shop.ask(taken_in, order_id)) == {
            "payment_intent.amount_capturable_updated": 1,
            "payment_intent.succeeded": 1,
        }

    def test_a_webhook_with_a_wrong_signature_is_refused_and_not_stored(self, shop: Shop) -> None:
        body = json.dumps({"id": "evt_forged", "object": "event", "type": "x"})
        header = stripe.WebhookSignature.generate_signature_header(body, "whsec_wrong")
        answer = shop.http.post(
            "/api/v1/webhooks/stripe", content=body, headers={"Stripe-Signature": header}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "webhook_refused")
        stored = "SELECT count(*) FROM payments_providermessagerecord WHERE event_id = %s"
        assert shop.ask(stored, "evt_forged") == [(0,)]
