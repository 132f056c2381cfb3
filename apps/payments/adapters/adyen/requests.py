"""The documents that are sent to Adyen."""

from typing import Any

from apps.kernel.identifiers import PaymentId, read_id
from apps.payments.domain.identifiers import OperationId
from apps.payments.ports import GatewayCall

APPLE_PAY = "apple_pay"
LENGTH_OF_UUID = 36

Document = dict[str, Any]


def payment_document(
    call: GatewayCall, amount: int, merchant: str, *, is_renewable: bool
) -> Document:
    """Ask for an authorisation that is captured when we say so, and may be renewed if that is wanted."""
    more = {"manualCapture": "true"}
    if is_renewable:
        more["authorisationType"] = "PreAuth"
    document: Document = {
        "merchantAccount": merchant,
        "reference": str(call.payment_id),
        "merchantOrderReference": str(call.order_id),
        "amount": {"currency": call.amount.currency, "value": amount},
        "returnUrl": call.return_url,
        "channel": "Web",
        "additionalData": more,
    }
    if call.customer_id is not None:
        # A stored way to pay belongs to the customer under whose name it was stored.
        document["shopperReference"] = str(call.customer_id)
    if call.method_type == APPLE_PAY:
        return {
            **document,
            "paymentMethod": {"type": "applepay", "applePayToken": call.method_token},
            "shopperInteraction": "Ecommerce",
        }
    return {
        **document,
        "paymentMethod": {"type": "scheme", "storedPaymentMethodId": call.method_token},
        "shopperInteraction": "ContAuth",
        "recurringProcessingModel": "CardOnFile",
    }


def details_document(redirect_result: str) -> Document:
    """Hand in what a customer brought back from the bank's page."""
    return {"details": {"redirectResult": redirect_result}}


def amount_document(call: GatewayCall, amount: int, merchant: str) -> Document:
    """Ask for a capture or a refund of an amount, or for the authorised one to be authorised anew."""
    return {
        **_modification(call, merchant),
        "amount": {"currency": call.amount.currency, "value": amount},
    }


def cancel_document(call: GatewayCall, merchant: str) -> Document:
    """Ask for an authorisation to be dropped."""
    document = _modification(call, merchant)
    if has_no_name_yet(call):
        document["paymentReference"] = str(call.payment_id)
    return document


def has_no_name_yet(call: GatewayCall) -> bool:
    """Whether all that is known of a payment is our own name for it: its customer is still asked."""
    return call.authorization == str(call.payment_id)


def names_in(reference: str) -> tuple[PaymentId | None, str]:
    """Read a reference of ours as it comes back: the payment, and the call if it names one."""
    payment_id = read_id(PaymentId, reference[:LENGTH_OF_UUID])
    operation_id = read_id(OperationId, reference[LENGTH_OF_UUID + 1 :])
    return payment_id, str(operation_id) if payment_id and operation_id else ""


def _modification(call: GatewayCall, merchant: str) -> Document:
    # With both names the webhook finds its payment, and the look-up its call.
    return {"merchantAccount": merchant, "reference": f"{call.payment_id}-{call.operation_id}"}
