"""Which of a provider's reasons for a decline may leave the house."""

import re

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

_TELLING = re.compile(
    r"fraud|risk|lost|stolen|pick.?up|restrict|block|suspect|black.?list|security.?viol|complian",
    re.IGNORECASE,
)
"""Words of a provider's own reason that say as much, whatever our code for it is."""


def public_code(code: str) -> str:
    """Give the code of a decline as customers and other contexts may see it."""
    return DECLINED if code in _CONFIDENTIAL else code


def public_provider_code(provider_code: str, *, code: str) -> str:
    """Give what the provider itself said beside our code; nothing where that would give it away."""
    is_telling = code in _CONFIDENTIAL or _TELLING.search(provider_code) is not None
    return "" if is_telling else provider_code
