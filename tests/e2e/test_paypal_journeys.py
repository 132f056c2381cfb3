"""Customers who pay with PayPal, against the running platform and its simulated PayPal."""

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.conftest import Shop


class TestPayPal:
    def test_an_order_goes_on_when_the_customer_approves(self, shop: Shop) -> None:
        order_id = shop.place("wallet", provider="paypal").json()["id"]
        order = shop.wait_for(order_id, lambda one: one["payment"]["action_url"], "an action")
        page = urlsplit(order["payment"]["action_url"])
        assert httpx.get(page.geturl()).status_code == 200

        answer = httpx.post(page._replace(path=f"{page.path}/approve").geturl())

        # Back to the shop, whose page has the payment looked up; the webhook tells it as well.
        assert answer.status_code == 303
        (token,) = parse_qs(page.query)["token"]
        assert f"token={token}" in answer.headers["location"]
        shop.becomes(order_id, "confirmed")
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")

    def test_a_review_is_seen_until_it_is_decided(self, shop: Shop) -> None:
        order_id = shop.place("wallet", provider="paypal").json()["id"]
        order = shop.wait_for(order_id, lambda one: one["payment"]["action_url"], "an action")
        page = urlsplit(order["payment"]["action_url"])
        approve = page._replace(path=f"{page.path}/approve", query=f"{page.query}&wallet=pending")
        httpx.post(approve.geturl())

        order = shop.wait_for(order_id, lambda one: one["payment"]["status"] == "pending", "review")

        assert order["payment"]["id"]
        assert order["payment"]["action_url"] is None
        assert order["timeline"][-1]["what"] == "Payment is being reviewed by PayPal"
        simulator = f"{shop.stack.run['simulators_url']}/paypal"
        books = httpx.get(f"{simulator}/_books", params={"order_id": order_id}).json()
        held = books["payments"][0]["orders"][0]["authorization"]
        decision = {"authorization": held, "status": "CREATED"}
        assert httpx.post(f"{simulator}/_settle", params=decision).is_success
        shop.becomes(order_id, "confirmed")

    def test_messages_are_checked_and_kept(self, shop: Shop) -> None:
        order_id = shop.place("vault-ok", provider="paypal").json()["id"]
        shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")

        def kinds(_: object) -> bool:
            rows = shop.ask(
                "SELECT m.kind FROM payments_providermessagerecord m JOIN payments_payment p "
                "ON p.id = m.payment_id WHERE m.provider = 'paypal' AND p.order_id = %s",
                order_id,
            )
            found = {row[0] for row in rows}
            return found >= {"PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED"}

        shop.wait_for(order_id, kinds, "both messages")

    def test_a_decline_is_told_in_plain_words(self, shop: Shop) -> None:
        order_id = shop.place("vault-declined", provider="paypal").json()["id"]
        order = shop.becomes(order_id, "cancelled")
        assert order["cancellation"]["detail"] == (
            "PayPal could not use the card or account that was chosen. Please choose another one."
        )
