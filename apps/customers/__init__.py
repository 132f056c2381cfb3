"""Customers owns who buys: profiles, addresses, saved payment methods, consent and language.

It publishes profiles as facts, and others keep what they need of them. It knows neither orders nor
messages, and no card: of a saved payment method it keeps the provider's token, brand, last four
digits and expiry.
"""
