"""Adyen, through its Checkout API (v72) and standard webhooks."""
