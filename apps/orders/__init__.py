"""Orders owns what customers bought: placement, the life of an order to its end, and its history.

It keeps a price list replica and decides what may happen next. It does not hold stock, speak to
payment providers or write to customers; it asks by publishing facts and goes on when it hears.
"""
