"""Journeys of customers who pay through Adyen, played by the local stack."""

import httpx

from tests.e2e.conftest import Shop


def books_of(shop: Shop, order_id: str) -> tuple[int, int, int]:
    """Give what Adyen holds, has captured and has refunded for an order."""
    url = f"{shop.stack.run['simulators_url']}/adyen/_books?order_id={order_id}"
    (line,) = httpx.get(url).json()["payments"]
    return line["live_authorizations"], line["captured"], line["refunded"]


class TestAdyen:
    def test_an_order_is_paid_and_refunded_once_adyen_says_so(self, shop: Shop) -> None:
        order_id = shop.place("stored_card_authorised", provider="adyen").json()["id"]
        shop.becomes(order_id, "confirmed")
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")

        answer = shop.cancel(order_id)

        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["payment"]["status"] == "refunded"
        held, captured, refunded = books_of(shop, order_id)
        assert held == 0
        assert captured == refunded > 0

    def test_a_decline_is_told_in_plain_words(self, shop: Shop) -> None:
        order_id = shop.place("stored_card_not_enough_balance", provider="adyen").json()["id"]
        order = shop.becomes(order_id, "cancelled")
        assert order["cancellation"] == {
            "reason": "payment_failed",
            "detail": "Your card has insufficient funds.",
        }

    def test_3d_secure_goes_on_when_the_customer_comes_back(self, shop: Shop) -> None:
        order_id = shop.place("stored_card_challenge", provider="adyen").json()["id"]
        order = shop.wait_for(order_id, lambda one: one["payment"]["action_url"], "an action")

        with httpx.Client(follow_redirects=True) as browser:
            assert "Approve this payment" in browser.get(order["payment"]["action_url"]).text
            done = browser.post(f"{order['payment']['action_url']}/approve")

        assert "redirectResult=" in str(done.url)
        assert "Thank you" in done.text
        shop.becomes(order_id, "confirmed")
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")
