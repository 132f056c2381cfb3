"""A Stripe that fits into one process: payment intents, refunds, disputes, events and signed webhooks.

It behaves as Stripe's API version 2026-10-28.endive does for cards, as far as the platform uses it.
"""
