"""Stand-ins for the outside world on this machine: Stripe, Adyen, PayPal, and the post office.

One small process. It is known by its addresses only; nothing of the platform imports it, and it
imports nothing of the platform.
"""
