"""What a customer is told when Stripe, the card's bank or the network says no.

The sentences are ours: a provider's message may change, name parameters, or say more about a card
than its holder should learn from us.
"""

from collections.abc import Sequence

from apps.payments.ports import TIME_OVER

GENERAL = "Your card was declined. Please try another way to pay."

SENTENCES = {
    "approve_with_id": "Your bank could not approve the payment. Please try again.",
    "authentication_not_handled": "Your bank asks you to approve the payment. Please order again.",
    "authentication_required": "Your bank asks you to approve the payment. Please order again.",
    "payment_intent_authentication_failure": "The payment was not approved by you or your bank.",
    "card_not_supported": "Your card does not support this kind of purchase.",
    "card_velocity_exceeded": "Your card has reached its limit.",
    "currency_not_supported": "Your card does not support this currency.",
    "expired_card": "Your card has expired.",
    "incorrect_address": "The billing address does not match your card.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "incorrect_pin": "The PIN is incorrect.",
    "incorrect_zip": "The postal code does not match your card.",
    "insufficient_funds": "Your card has insufficient funds.",
    "invalid_account": "Your card or its account is not valid.",
    "invalid_amount": "The amount is not possible with your card.",
    "invalid_cvc": "Your card's security code is incorrect.",
    "invalid_expiry_month": "Your card's expiry date is incorrect.",
    "invalid_expiry_year": "Your card's expiry date is incorrect.",
    "invalid_number": "Your card number is incorrect.",
    "issuer_not_available": "Your bank could not be reached. Please try again later.",
    "new_account_information_available": "Your card's details have changed. Please enter them again.",
    "processing_error": "Your card could not be processed. Please try again later.",
    "reenter_transaction": "Your bank could not process the payment. Please try again.",
    "testmode_decline": "This is a test card and cannot be charged.",
    "try_again_later": "Your bank could not process the payment. Please try again later.",
    "withdrawal_count_limit_exceeded": "Your card has reached its limit.",
    "amount_too_large": "The amount is too large to be paid this way.",
    "amount_too_small": "The amount is too small to be paid this way.",
    "resource_missing": "This way to pay is not known any more. Please choose another one.",
    "payment_method_unusable": "This way to pay cannot be used any more. Please choose another one.",
    "canceled": "The payment was called off before it was completed.",
    "authorization_expired": TIME_OVER,
    "charge_expired_for_capture": TIME_OVER,
}
"""By Stripe's decline code, or its error code where there is none.

Missing on purpose: `lost_card`, `stolen_card`, `pickup_card`, `fraudulent`, `merchant_blacklist` and
the like. Whoever holds such a card hears only that it was declined.
"""

NOT_SENT_BACK = "The money could not be sent back."

REFUND_CODES = frozenset({"charge_disputed", "charge_not_refundable", "refund_disputed_payment"})
"""Why Stripe does not take a refund on although the request is right, as where a bank has the money."""


def sentence_for(codes: Sequence[str]) -> str:
    """Give what to tell the customer, by the first code that has a sentence of its own."""
    return next((SENTENCES[code] for code in codes if code in SENTENCES), GENERAL)
