"""Why a payment failed, in the customer's language.

Payments tells a code: a word that our gateways share, or the provider's own. It has kept back before
what the holder of a card must not learn. Several codes may be one reason for a customer.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    """One reason in each language that we write in, and the codes that stand for it."""

    codes: tuple[str, ...]
    en: str
    de: str


_UNKNOWN = _Reason(
    codes=(),
    en="The payment was not accepted.",
    de="Die Zahlung wurde nicht angenommen.",
)
"""Of a code that is new to us, and of those that are nobody's business but the provider's."""

_REASONS = (
    _Reason(
        codes=(
            *("card_declined", "generic_decline", "do_not_honor", "do_not_try_again"),
            *("call_issuer", "no_action_taken", "not_permitted", "transaction_not_allowed"),
        ),
        en="Your card was declined.",
        de="Ihre Karte wurde abgelehnt.",
    ),
    _Reason(
        codes=(
            *("declined", "AUTHORIZATION_DENIED", "CAPTURE_DECLINED", "TRANSACTION_REFUSED"),
            *("capture_failed", "capture_refused"),
        ),
        en="The payment was declined.",
        de="Die Zahlung wurde abgelehnt.",
    ),
    _Reason(
        codes=("insufficient_funds", "partially_authorised"),
        en="Your card does not cover the amount.",
        de="Ihre Karte deckt den Betrag nicht.",
    ),
    _Reason(
        codes=("expired_card",),
        en="Your card has expired.",
        de="Ihre Karte ist abgelaufen.",
    ),
    _Reason(
        codes=("incorrect_number", "invalid_number"),
        en="Your card number is incorrect.",
        de="Ihre Kartennummer ist nicht richtig.",
    ),
    _Reason(
        codes=("incorrect_cvc", "invalid_cvc"),
        en="Your card's security code is incorrect.",
        de="Die Prüfnummer Ihrer Karte ist nicht richtig.",
    ),
    _Reason(
        codes=("invalid_expiry_month", "invalid_expiry_year"),
        en="Your card's expiry date is incorrect.",
        de="Das Ablaufdatum Ihrer Karte ist nicht richtig.",
    ),
    _Reason(
        codes=("incorrect_pin",),
        en="The PIN is incorrect.",
        de="Die PIN ist nicht richtig.",
    ),
    _Reason(
        codes=("incorrect_address",),
        en="The billing address does not match your card.",
        de="Die Rechnungsadresse passt nicht zu Ihrer Karte.",
    ),
    _Reason(
        codes=("incorrect_zip",),
        en="The postal code does not match your card.",
        de="Die Postleitzahl passt nicht zu Ihrer Karte.",
    ),
    _Reason(
        codes=("invalid_account",),
        en="Your card or its account is not valid.",
        de="Ihre Karte oder das Konto dazu ist nicht gültig.",
    ),
    _Reason(
        codes=("new_account_information_available",),
        en="Your card's details have changed. Please enter them again.",
        de="Die Daten Ihrer Karte haben sich geändert. Bitte geben Sie sie neu ein.",
    ),
    _Reason(
        codes=("card_not_supported",),
        en="Your card does not support this kind of purchase.",
        de="Ihre Karte ist für diese Art von Einkauf nicht zugelassen.",
    ),
    _Reason(
        codes=("currency_not_supported",),
        en="Your card does not support this currency.",
        de="Ihre Karte ist für diese Währung nicht zugelassen.",
    ),
    _Reason(
        codes=("card_velocity_exceeded", "withdrawal_count_limit_exceeded"),
        en="Your card has reached its limit.",
        de="Das Limit Ihrer Karte ist erreicht.",
    ),
    _Reason(
        codes=("invalid_amount",),
        en="The amount is not possible with your card.",
        de="Der Betrag ist mit Ihrer Karte nicht möglich.",
    ),
    _Reason(
        codes=("amount_too_large",),
        en="The amount is too large to be paid this way.",
        de="Der Betrag ist für diese Zahlungsart zu hoch.",
    ),
    _Reason(
        codes=("amount_too_small",),
        en="The amount is too small to be paid this way.",
        de="Der Betrag ist für diese Zahlungsart zu niedrig.",
    ),
    _Reason(
        codes=("TRANSACTION_LIMIT_EXCEEDED",),
        en="The payment exceeds a limit that PayPal sets.",
        de="Die Zahlung überschreitet ein Limit von PayPal.",
    ),
    _Reason(
        codes=("authentication_required", "authentication_not_handled"),
        en="Your bank asks you to approve the payment.",
        de="Ihre Bank verlangt, dass Sie die Zahlung bestätigen.",
    ),
    _Reason(
        codes=("authentication_failed", "payment_intent_authentication_failure", "approve_with_id"),
        en="The payment was not approved by you or your bank.",
        de="Die Zahlung wurde von Ihnen oder Ihrer Bank nicht bestätigt.",
    ),
    _Reason(
        codes=("action_expired", "ORDER_EXPIRED"),
        en="The payment was not approved in time.",
        de="Die Zahlung wurde nicht rechtzeitig bestätigt.",
    ),
    _Reason(
        codes=("authorization_expired", "AUTHORIZATION_EXPIRED", "charge_expired_for_capture"),
        en="We did not charge the payment in time, and your approval of it has run out.",
        de="Wir haben die Zahlung nicht rechtzeitig eingezogen, und Ihre Freigabe ist abgelaufen.",
    ),
    _Reason(
        codes=("canceled", "cancelled", "AUTHORIZATION_VOIDED", "ORDER_COMPLETED_OR_VOIDED"),
        en="The payment was called off before it was completed.",
        de="Die Zahlung wurde abgebrochen, bevor sie abgeschlossen war.",
    ),
    _Reason(
        codes=("issuer_not_available",),
        en="Your bank could not be reached.",
        de="Ihre Bank war nicht erreichbar.",
    ),
    _Reason(
        codes=("processing_error", "reenter_transaction", "try_again_later"),
        en="Your bank could not process the payment.",
        de="Ihre Bank konnte die Zahlung nicht verarbeiten.",
    ),
    _Reason(
        codes=("wait_expired",),
        en="The payment provider was not available.",
        de="Der Zahlungsanbieter war nicht erreichbar.",
    ),
    _Reason(
        codes=("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",),
        en="The payment was tried too often.",
        de="Die Zahlung wurde zu oft versucht.",
    ),
    _Reason(
        codes=("unknown_token", "resource_missing", "payment_method_unusable"),
        en="The way to pay that you chose is not known any more.",
        de="Die gewählte Zahlungsart ist nicht mehr bekannt.",
    ),
    _Reason(
        codes=(
            *("AGREEMENT_ALREADY_CANCELLED", "BILLING_AGREEMENT_NOT_FOUND"),
            *("TOKEN_EXPIRED", "TOKEN_ID_NOT_FOUND"),
        ),
        en="Your PayPal account is not linked with us any more.",
        de="Ihr PayPal-Konto ist nicht mehr mit uns verbunden.",
    ),
    _Reason(
        codes=("CARD_EXPIRED", "REFERENCED_CARD_EXPIRED"),
        en="The card in your PayPal account has expired.",
        de="Die Karte in Ihrem PayPal-Konto ist abgelaufen.",
    ),
    _Reason(
        codes=("DOMESTIC_TRANSACTION_REQUIRED",),
        en="Your PayPal account cannot be used in this country.",
        de="Ihr PayPal-Konto kann in diesem Land nicht verwendet werden.",
    ),
    _Reason(
        codes=(
            *("INSTRUMENT_DECLINED", "PAYMENT_SOURCE_CANNOT_BE_USED"),
            "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR",
            "PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED",
        ),
        en="PayPal could not use the card or account that was chosen.",
        de="PayPal konnte die gewählte Karte oder das gewählte Konto nicht verwenden.",
    ),
    _Reason(
        codes=("PAYER_ACCOUNT_LOCKED_OR_CLOSED",),
        en="Your PayPal account cannot be used for this payment.",
        de="Ihr PayPal-Konto kann für diese Zahlung nicht verwendet werden.",
    ),
    _Reason(
        codes=("PAYER_CANNOT_PAY",),
        en="Your PayPal account has no way to pay this amount.",
        de="Ihr PayPal-Konto hat keine Zahlungsquelle für diesen Betrag.",
    ),
    _Reason(
        codes=("testmode_decline",),
        en="This is a test card and cannot be charged.",
        de="Dies ist eine Testkarte, die nicht belastet werden kann.",
    ),
)
_BY_CODE = {code: reason for reason in _REASONS for code in reason.codes}


def failure_in_words(code: str, locale: str) -> str:
    """Say why a payment failed; neutrally where the code is not known, nothing where there is none."""
    if not code:
        return ""
    reason = _BY_CODE.get(code, _UNKNOWN)
    return reason.de if locale == "de" else reason.en
