"""What a customer is told when PayPal, or the bank behind a wallet, says no.

The codes are the issues in PayPal's answers; the sentences are ours, since PayPal changes its own.
"""

from apps.payments.ports import TIME_OVER

GENERAL = "PayPal declined the payment. Please try another way to pay."
NOT_SENT_BACK = "The money could not be sent back."
NOT_RENEWED = "The authorisation could not be renewed."
OVER = "The payment was called off before it was completed."

_CHOOSE_ANOTHER = (
    "PayPal could not use the card or account that was chosen. Please choose another one."
)
_LIMIT = "The payment exceeds a limit that PayPal sets. Please try another way to pay."
_NOT_KNOWN = "This PayPal account is not linked any more. Please choose another way to pay."
_RESTRICTED = "Your PayPal account cannot be used for this payment. Please contact PayPal."

SENTENCES = {
    "AGREEMENT_ALREADY_CANCELLED": _NOT_KNOWN,
    "AUTHORIZATION_DENIED": GENERAL,
    "AUTHORIZATION_EXPIRED": TIME_OVER,
    "AUTHORIZATION_VOIDED": OVER,
    "BILLING_AGREEMENT_NOT_FOUND": _NOT_KNOWN,
    "CAPTURE_DECLINED": GENERAL,
    "CARD_EXPIRED": "The card in your PayPal account has expired.",
    "COMPLIANCE_VIOLATION": GENERAL,
    "DOMESTIC_TRANSACTION_REQUIRED": "Your PayPal account cannot be used in this country.",
    "INSTRUMENT_DECLINED": _CHOOSE_ANOTHER,
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": "The payment was tried too often. Please order again.",
    "ORDER_COMPLETED_OR_VOIDED": OVER,
    "ORDER_EXPIRED": "The payment was not approved in time.",
    "PAYEE_BLOCKED_TRANSACTION": GENERAL,
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": _RESTRICTED,
    "PAYER_ACCOUNT_RESTRICTED": _RESTRICTED,
    "PAYER_CANNOT_PAY": "Your PayPal account has no way to pay this amount.",
    "PAYMENT_SOURCE_CANNOT_BE_USED": _CHOOSE_ANOTHER,
    "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR": _CHOOSE_ANOTHER,
    "PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED": _CHOOSE_ANOTHER,
    "REFERENCED_CARD_EXPIRED": "The card in your PayPal account has expired.",
    "TOKEN_EXPIRED": _NOT_KNOWN,
    "TOKEN_ID_NOT_FOUND": _NOT_KNOWN,
    "TRANSACTION_BLOCKED_BY_PAYEE": GENERAL,
    "TRANSACTION_LIMIT_EXCEEDED": _LIMIT,
    "TRANSACTION_REFUSED": GENERAL,
}
"""The issues that are the customer's to hear of. All others mean that our request was wrong."""

REFUND_ISSUES = frozenset(
    {
        *("MAX_NUMBER_OF_REFUNDS_EXCEEDED", "PARTIAL_REFUND_NOT_ALLOWED", "PENDING_CAPTURE"),
        *("PAYER_ACCOUNT_LOCKED_OR_CLOSED", "PAYER_ACCOUNT_RESTRICTED", "REFUND_AMOUNT_TOO_LOW"),
        *("REFUND_FAILED_INSUFFICIENT_FUNDS", "REFUND_NOT_ALLOWED", "TRANSACTION_DISPUTED"),
        *("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", "REFUND_TIME_LIMIT_EXCEEDED"),
    }
)
"""Why PayPal does not send money back although the request is right; it may do so at another time."""


def sentence_for(code: str) -> str:
    """Give what to tell the customer."""
    return SENTENCES.get(code, GENERAL)
