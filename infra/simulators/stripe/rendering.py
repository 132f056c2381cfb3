"""Stripe's JSON for what the books hold, in API version 2026-10-28.endive."""

from collections.abc import Collection
from typing import Any

from infra.simulators.stripe.cards import CARDS, Card
from infra.simulators.stripe.objects import Charge, Dispute, Failure, Intent, Refund, Subject

API_VERSION = "2026-10-28.endive"
CHARGE, INTENT = "latest_charge", "payment_intent"
DAY = 24 * 3600

Json = dict[str, Any]

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_PLAIN_INTENT = dict.fromkeys(
    (
        *("application", "application_fee_amount", "customer", "customer_account"),
        *("excluded_payment_method_types", "on_behalf_of", "payment_method_configuration_details"),
        *("processing", "review", "setup_future_usage", "shipping", "statement_descriptor"),
        *("statement_descriptor_suffix", "transfer_data", "transfer_group"),
    )
)
_PLAIN_CHARGE = dict.fromkeys(
    (
        *("application", "application_fee", "application_fee_amount", "balance_transaction"),
        *("calculated_statement_descriptor", "customer", "failure_balance_transaction"),
        *("on_behalf_of", "receipt_email", "receipt_number", "receipt_url", "review", "shipping"),
        *("source_transfer", "statement_descriptor", "statement_descriptor_suffix"),
        *("transfer_data", "transfer_group"),
    )
)
_PLAIN_REFUND = dict.fromkeys(
    ("balance_transaction", "receipt_number", "source_transfer_reversal", "transfer_reversal")
)

_NO_EVIDENCE = dict.fromkeys(
    (
        *("access_activity_log", "billing_address", "cancellation_policy"),
        *("cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication"),
        *("customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature"),
        *("duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id"),
        *("product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
        *("refund_refusal_explanation", "service_date", "service_documentation"),
        *("shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation"),
        *("shipping_tracking_number", "uncategorized_file", "uncategorized_text"),
    )
)


class Rendering:
    """Writes objects as Stripe would; `public_url` is where a holder approves a payment."""

    def __init__(self, public_url: str) -> None:
        """Remember the address of this server as a browser knows it."""
        self._public_url = public_url

    def subject(self, subject: Subject, expand: Collection[str] = ()) -> Json:
        """Write an intent, a refund or a dispute."""
        if isinstance(subject, Intent):
            return self.intent(subject, expand)
        return self.refund(subject) if isinstance(subject, Refund) else self.dispute(subject)

    def intent(self, intent: Intent, expand: Collection[str] = ()) -> Json:
        """Write a payment intent; `expand` names what is written whole in place of its id."""
        charge: Json | str | None = intent.charge.id if intent.charge else None
        if intent.charge and CHARGE in expand:
            charge = self.charge(intent, intent.charge)
        return {
            **_PLAIN_INTENT,
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "amount_capturable": intent.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": intent.amount_received,
            "automatic_payment_methods": (
                {"enabled": True, "allow_redirects": intent.allow_redirects}
                if intent.automatic_payment_methods
                else None
            ),
            "canceled_at": intent.canceled_at,
            "cancellation_reason": intent.cancellation_reason,
            "capture_method": intent.capture_method,
            "client_secret": f"{intent.id}_secret_{intent.id[::-1][:24]}",
            "confirmation_method": "automatic",
            "created": intent.created,
            "currency": intent.currency,
            "description": intent.description,
            "last_payment_error": failure_json(intent.failure) if intent.failure else None,
            "latest_charge": charge,
            "livemode": False,
            "metadata": intent.metadata,
            "next_action": self._next_action(intent),
            "payment_method": intent.payment_method,
            "payment_method_options": {
                "card": {
                    "installments": None,
                    "mandate_options": None,
                    "network": None,
                    "request_three_d_secure": "automatic",
                }
            },
            "payment_method_types": ["card"],
            "receipt_email": intent.receipt_email,
            "status": intent.status,
        }

    def charge(self, intent: Intent, charge: Charge, expand: Collection[str] = ()) -> Json:
        """Write a charge of an intent."""
        failure = charge.failure
        return {
            **_PLAIN_CHARGE,
            "id": charge.id,
            "object": "charge",
            "amount": intent.amount,
            "amount_captured": charge.amount_captured,
            "amount_refunded": charge.amount_refunded,
            "billing_details": {
                "address": _NO_ADDRESS,
                "email": None,
                "name": None,
                "phone": None,
                "tax_id": None,
            },
            "captured": charge.captured,
            "created": charge.created,
            "currency": intent.currency,
            "description": intent.description,
            "disputed": charge.disputed,
            "failure_code": failure.code if failure else None,
            "failure_message": failure.message if failure else None,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent.metadata,
            "outcome": _outcome(failure),
            "paid": failure is None,
            "payment_intent": self.intent(intent) if INTENT in expand else intent.id,
            "payment_method": charge.payment_method,
            "payment_method_details": {
                "type": "card",
                "card": _card(CARDS[charge.payment_method], intent, charge),
            },
            "refunded": charge.amount_refunded == (charge.amount_captured or intent.amount),
            "status": "failed" if failure else "succeeded",
        }

    def refund(self, refund: Refund) -> Json:
        """Write a refund."""
        why = {"failure_reason": refund.failure_reason} if refund.failure_reason else {}
        return {
            **_PLAIN_REFUND,
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "charge": refund.charge,
            "created": refund.created,
            "currency": refund.currency,
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": refund.metadata,
            "payment_intent": refund.payment_intent,
            "reason": refund.reason,
            "status": refund.status,
            **why,
        }

    def dispute(self, dispute: Dispute) -> Json:
        """Write a dispute of which nobody has answered anything yet."""
        brand = CARDS[dispute.payment_method].brand
        is_inquiry = dispute.status.startswith("warning_")
        return {
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": [],
            "charge": dispute.charge,
            "created": dispute.created,
            "currency": dispute.currency,
            "enhanced_eligibility_types": [],
            "evidence": {**_NO_EVIDENCE, "enhanced_evidence": {}},
            "evidence_details": {
                "due_by": dispute.created + 7 * DAY,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": is_inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": dispute.payment_intent,
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": brand,
                    "case_type": "inquiry" if is_inquiry else "chargeback",
                    "network": brand,
                    "network_reason_code": None,
                },
            },
            "reason": dispute.reason,
            "status": dispute.status,
        }

    def page(self, url: str, rows: list[Json], *, has_more: bool) -> Json:
        """Write one page of a list."""
        return {"object": "list", "data": rows, "has_more": has_more, "url": url}

    def approval_url(self, intent: Intent) -> str:
        """Give the page at which the holder of the card decides."""
        return f"{self._public_url}/stripe/3ds/{intent.id}"

    def _next_action(self, intent: Intent) -> Json | None:
        if intent.status != "requires_action":
            return None
        if intent.return_url is None:
            return {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {
                "url": self.approval_url(intent),
                "return_url": intent.return_url,
            },
        }


def failure_json(failure: Failure) -> Json:
    """Write an error as it stands in an answer, without the objects it concerns."""
    found: Json = {"type": failure.type, "code": failure.code, "message": failure.message}
    if failure.decline_code:
        found["decline_code"] = failure.decline_code
    found["doc_url"] = f"https://docs.stripe.com/error-codes/{failure.code.replace('_', '-')}"
    return found


def _outcome(failure: Failure | None) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if failure else "approved_by_network",
        "reason": (failure.decline_code or failure.code) if failure else None,
        "seller_message": "The bank declined the payment." if failure else "Payment complete.",
        "type": "issuer_declined" if failure else "authorized",
    }


def _wallet(card: Card) -> Json | None:
    if not card.wallet:
        return None
    return {"type": card.wallet, card.wallet: {}, "dynamic_last4": card.last4}


def _card(card: Card, intent: Intent, charge: Charge) -> Json:
    found: Json = {
        "amount_authorized": None if charge.failure else intent.amount,
        "authorization_code": None,
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"simulated{card.last4}",
        "funding": "credit",
        "installments": None,
        "last4": card.last4,
        "mandate": None,
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": None,
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": _wallet(card),
    }
    if intent.status == "requires_capture":
        found["capture_before"] = charge.created + card.holds_days * DAY
    return found
