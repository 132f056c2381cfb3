"""The names of providers, as people read them."""

import pytest

from apps.kernel.providers import provider_in_words


@pytest.mark.parametrize(
    ("provider", "said"), [("paypal", "PayPal"), ("stripe", "Stripe"), ("adyen", "Adyen")]
)
def test_are_written_as_providers_write_them(provider: str, said: str) -> None:
    assert provider_in_words(provider) == said
