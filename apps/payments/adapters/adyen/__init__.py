"""Adyen, through its official SDK (Checkout v72) and standard webhooks."""
