"""How PayPal writes its objects, in full or no more than needed."""

from datetime import UTC, datetime
from typing import Any

from infra.simulators.paypal.documents import written
from infra.simulators.paypal.objects import Authorization, Capture, Event, Order, Refund, Shown
from infra.simulators.paypal.orders import APPROVABLE
from infra.simulators.paypal.payments import capture_named, refund_named

Json = dict[str, Any]

RESOURCE_TYPES = {"order": "checkout-order"}
MINIMAL = ("id", "status", "links")


class Rendering:
    """Writes objects with the addresses that lead on from them."""

    def __init__(self, public_url: str) -> None:
        """Name this server's address in links."""
        self.base = f"{public_url}/paypal"

    def shown(self, order: Order, shown: Shown, *, in_full: bool = True) -> Json:
        """Write what an answer or an event shows."""
        document = self._in_full(order, shown)
        return document if in_full else {key: document[key] for key in MINIMAL}

    def order(self, order: Order) -> Json:
        """Write an order with all that came of it."""
        payments: Json = {}
        if order.authorization is not None:
            held = [*order.earlier, order.authorization]
            payments["authorizations"] = [
                {
                    k: v
                    for k, v in self.authorization(order, one).items()
                    if k != "supplementary_data"
                }
                for one in held
            ]
        if order.captures:
            payments["captures"] = [
                {k: v for k, v in self.capture(order, one).items() if k != "supplementary_data"}
                for one in order.captures
            ]
        if order.refunds:
            payments["refunds"] = [self.refund(order, one) for one in order.refunds]
        unit: Json = {
            "reference_id": order.reference_id,
            "amount": _amount(order.minor, order.currency),
            **_named(custom_id=order.custom_id, invoice_id=order.invoice_id),
        }
        if payments:
            unit["payments"] = payments
        return {
            "id": order.id,
            "intent": "AUTHORIZE",
            "status": order.status,
            **self._source(order),
            "purchase_units": [unit],
            "create_time": _time(order.created),
            "update_time": _time(order.updated),
            "links": self._links_of_order(order),
        }

    def authorization(self, order: Order, authorization: Authorization) -> Json:
        """Write an authorisation."""
        path = f"{self.base}/v2/payments/authorizations/{authorization.id}"
        reason = {"status_details": {"reason": "PENDING_REVIEW"}}
        return {
            "id": authorization.id,
            "status": authorization.status,
            **(reason if authorization.status == "PENDING" else {}),
            "amount": _amount(order.minor, order.currency),
            **_named(custom_id=order.custom_id, invoice_id=order.invoice_id),
            "expiration_time": _time(authorization.expires),
            "supplementary_data": {"related_ids": {"order_id": order.id}},
            "create_time": _time(authorization.created),
            "update_time": _time(authorization.updated),
            "links": [
                _link(path, "self"),
                _link(f"{path}/capture", "capture", "POST"),
                _link(f"{path}/void", "void", "POST"),
                _link(f"{path}/reauthorize", "reauthorize", "POST"),
            ],
        }

    def capture(self, order: Order, capture: Capture) -> Json:
        """Write a capture."""
        path = f"{self.base}/v2/payments/captures/{capture.id}"
        related = {"order_id": order.id}
        if order.authorization is not None:
            related["authorization_id"] = order.authorization.id
        return {
            "id": capture.id,
            "status": capture.status,
            **({"status_details": {"reason": capture.reason}} if capture.reason else {}),
            "amount": _amount(capture.minor, order.currency),
            "final_capture": capture.is_final,
            **_named(custom_id=order.custom_id, invoice_id=capture.invoice_id),
            "supplementary_data": {"related_ids": related},
            "create_time": _time(capture.created),
            "update_time": _time(capture.updated),
            "links": [_link(path, "self"), _link(f"{path}/refund", "refund", "POST")],
        }

    def refund(self, order: Order, refund: Refund) -> Json:
        """Write a refund."""
        payments = f"{self.base}/v2/payments"
        pending = {"status_details": {"reason": "ECHECK"}}
        return {
            "id": refund.id,
            "status": refund.status,
            **(pending if refund.status == "PENDING" else {}),
            "amount": _amount(refund.minor, order.currency),
            **_named(custom_id=refund.custom_id, invoice_id=refund.invoice_id),
            "create_time": _time(refund.created),
            "update_time": _time(refund.updated),
            "links": [
                _link(f"{payments}/refunds/{refund.id}", "self"),
                _link(f"{payments}/captures/{refund.capture_id}", "up"),
            ],
        }

    def event(self, event: Event) -> Json:
        """Write an event as it is sent."""
        return {
            "id": event.id,
            "event_version": "1.0",
            "create_time": _time(event.created),
            "resource_type": event.resource_type,
            "resource_version": "2.0",
            "event_type": event.type,
            "summary": f"Simulated: {event.type}",
            "resource": event.resource,
            "links": [],
        }

    def payer_page(self, order: Order) -> str:
        """Give the page where the payer decides."""
        return f"{self.base}/checkoutnow?token={order.id}"

    def _in_full(self, order: Order, shown: Shown) -> Json:
        match shown.kind:
            case "order":
                return self.order(order)
            case "authorization" if held := order.authorization_named(shown.name):
                return self.authorization(order, held)
            case "capture":
                return self.capture(order, capture_named(order, shown.name))
            case "refund":
                return self.refund(order, refund_named(order, shown.name))
            case _:
                raise ValueError(f"nothing shows a {shown.kind}")

    def _source(self, order: Order) -> Json:
        """Say what is paid with; a real answer names the payer here."""
        if order.status == "CREATED":
            return {}
        return {"payment_source": {"paypal": {}}}

    def _links_of_order(self, order: Order) -> list[Json]:
        path = f"{self.base}/v2/checkout/orders/{order.id}"
        links = [_link(path, "self")]
        if order.status in APPROVABLE:
            rel = "approve" if order.status == "CREATED" else "payer-action"
            links.append(_link(self.payer_page(order), rel))
        elif order.status == "APPROVED":
            links.append(_link(f"{path}/authorize", "authorize", "POST"))
        return links


def _link(href: str, rel: str, method: str = "GET") -> Json:
    return {"href": href, "rel": rel, "method": method}


def _amount(minor: int, currency: str) -> Json:
    return {"currency_code": currency, "value": written(minor, currency)}


def _named(**names: str) -> Json:
    return {key: value for key, value in names.items() if value}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
