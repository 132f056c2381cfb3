"""What we send to PayPal, as plain JSON."""

from typing import Any

from apps.payments.adapters.paypal.wallets import vault_id_of
from apps.payments.ports import GatewayCall

Json = dict[str, Any]


def order_document(call: GatewayCall, value: str) -> Json:
    """Describe the order of an authorisation; `value` is the amount as PayPal writes it.

    PayPal keeps one paid transaction per `invoice_id`, which is a second guard beside the key.
    """
    wallet: Json = {
        "experience_context": {
            "return_url": call.return_url,
            "cancel_url": call.cancel_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
    }
    if vault_id := vault_id_of(call.method_token):
        wallet["vault_id"] = vault_id
    return {
        "intent": "AUTHORIZE",
        "purchase_units": [
            {
                "reference_id": str(call.order_id),
                "custom_id": str(call.payment_id),
                "invoice_id": invoice_of_payment(call),
                "amount": _amount(call, value),
            }
        ],
        "payment_source": {"paypal": wallet},
    }


def capture_document(call: GatewayCall, value: str) -> Json:
    """Describe a capture. It is the last one, so what is not captured is released."""
    return {
        "amount": _amount(call, value),
        "invoice_id": invoice_of_payment(call),
        "final_capture": True,
    }


def renewal_document(call: GatewayCall, value: str) -> Json:
    """Describe a renewal, of the same amount."""
    return {"amount": _amount(call, value)}


def refund_document(call: GatewayCall, value: str) -> Json:
    """Describe a refund, under an invoice of its own, by which it is found again."""
    return {
        "amount": _amount(call, value),
        "custom_id": str(call.payment_id),
        "invoice_id": invoice_of_refund(call),
    }


def invoice_of_payment(call: GatewayCall) -> str:
    """Name the invoice of an order and its capture."""
    return str(call.payment_id)


def invoice_of_refund(call: GatewayCall) -> str:
    """Name the invoice of one refund."""
    return str(call.operation_id)


def _amount(call: GatewayCall, value: str) -> Json:
    return {"currency_code": call.amount.currency, "value": value}
