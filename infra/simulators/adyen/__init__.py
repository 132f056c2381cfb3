"""An Adyen that fits into one process: payments, modifications, chargebacks and signed webhooks.

It behaves as Adyen's Checkout API v72 does for stored cards and Apple Pay, as far as the platform
uses it. Captures, cancels, refunds and renewals are taken at once, and only a webhook tells how they ended.
"""
