"""A PayPal that fits into one process: orders, authorisations, captures, refunds and signed webhooks.

It behaves as PayPal's REST API (orders v2, payments v2, webhooks v1) does for wallets, as far as the
platform uses it. Errors carry PayPal's codes and none of its sentences.
"""
