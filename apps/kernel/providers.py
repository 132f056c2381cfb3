"""What payment providers are called where people read of them."""

_WRITTEN = {"paypal": "PayPal"}
"""Those that write their names with more than one capital."""


def provider_in_words(provider: str) -> str:
    """Write a provider's name as the provider does: `paypal` is PayPal, `stripe` is Stripe."""
    return _WRITTEN.get(provider, provider.capitalize())
