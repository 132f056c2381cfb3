"""Which of a provider's reasons for a decline may leave the house."""

DECLINED = "declined"

_CONFIDENTIAL = frozenset(
    {
        *("fraudulent", "highest_risk_level", "elevated_risk_level", "merchant_blacklist"),
        *("lost_card", "stolen_card", "lost_or_stolen_card", "pickup_card", "restricted_card"),
        *("security_violation", "COMPLIANCE_VIOLATION", "PAYEE_BLOCKED_TRANSACTION"),
        *("PAYER_ACCOUNT_RESTRICTED", "TRANSACTION_BLOCKED_BY_PAYEE"),
    }
)
"""Whoever holds such a card, or is suspected, must not learn it from us; staff sees it on the call."""


def public_code(code: str) -> str:
    """Give the code of a decline as customers and other contexts may see it."""
    return DECLINED if code in _CONFIDENTIAL else code
