"""The test cards, by the name of their payment method, and what each of them does."""

from dataclasses import dataclass, replace

from infra.simulators.stripe.objects import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card and its behaviour; `wallet` is what it was presented with, where it was one.

    `holds_days` is for how long what is authorised is held. Refunds to it are pending first where
    `refunds_wait`; where `refunds_fail`, they fail a little later.
    """

    brand: str = "visa"
    last4: str = "4242"
    failure: Failure | None = None
    asks_holder: bool = False
    holds_days: int = 7
    refunds_fail: bool = False
    refunds_wait: bool = False
    wallet: str = ""


def _declined(code: str, message: str, decline_code: str | None = None) -> Failure:
    return Failure(type="card_error", code=code, decline_code=decline_code, message=message)


GENERIC = _declined("card_declined", "Your card was declined.", "generic_decline")
FUNDS = _declined("card_declined", "Your card has insufficient funds.", "insufficient_funds")
LOST = _declined("card_declined", "Your card was declined.", "lost_card")
STOLEN = _declined("card_declined", "Your card was declined.", "stolen_card")
EXPIRED = _declined("expired_card", "Your card has expired.")
CVC = _declined("incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = _declined(
    "processing_error", "An error occurred while processing your card. Try again in a little bit."
)
VELOCITY = _declined(
    "card_declined", "Your card was declined for making repeated attempts too frequently "
    "or exceeding its amount limit.", "card_velocity_exceeded",
)  # fmt: skip
AUTHENTICATION_FAILED = Failure(
    type="invalid_request_error",
    code="payment_intent_authentication_failure",
    message="The provided PaymentMethod has failed authentication. You can provide "
    "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
)

CARDS = {
    "pm_card_visa": Card(),
    "pm_card_visa_debit": Card(last4="5556"),
    "pm_card_mastercard": Card(brand="mastercard", last4="4444"),
    "pm_card_amex": Card(brand="amex", last4="8431"),
    "pm_card_discover": Card(brand="discover", last4="1117"),
    "pm_card_visa_chargeDeclined": Card(last4="0002", failure=GENERIC),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card(last4="9995", failure=FUNDS),
    "pm_card_visa_chargeDeclinedLostCard": Card(last4="9987", failure=LOST),
    "pm_card_visa_chargeDeclinedStolenCard": Card(last4="9979", failure=STOLEN),
    "pm_card_chargeDeclinedExpiredCard": Card(last4="0069", failure=EXPIRED),
    "pm_card_chargeDeclinedIncorrectCvc": Card(last4="0127", failure=CVC),
    "pm_card_chargeDeclinedProcessingError": Card(last4="0119", failure=PROCESSING),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": Card(last4="6975", failure=VELOCITY),
    "pm_card_authenticationRequired": Card(last4="3184", asks_holder=True),
    "pm_card_threeDSecure2Required": Card(last4="3220", asks_holder=True),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        last4="8260", asks_holder=True, failure=FUNDS
    ),
    "pm_card_refundFail": Card(last4="5126", refunds_fail=True),
    "pm_card_pendingRefund": Card(last4="7726", refunds_wait=True),
    # Names of our own: Stripe has no card that is held for another time, and none of which a refund is pending before it fails.
    "pm_card_shortHold": Card(holds_days=2),
    "pm_card_pendingRefundFail": Card(last4="7726", refunds_wait=True, refunds_fail=True),
    # Names of our own: a wallet's payment method is made in a browser, so Stripe has no test name for one.
    "pm_apple_pay": Card(wallet="apple_pay"),
    "pm_apple_pay_chargeDeclined": Card(last4="0002", failure=GENERIC, wallet="apple_pay"),
}
for _name in ("chargeDeclined", "chargeDeclinedInsufficientFunds"):
    CARDS[f"pm_card_{_name}"] = replace(CARDS[f"pm_card_visa_{_name}"])
