"""Payments owns the money of an order: what was authorised, captured, voided and refunded, and how.

Every call to a provider is a row before it is made. It does not decide whether an order goes on; it
says what happened to the money and is told what is wanted.
"""
