"""Inventory owns warehouses, the product catalogue's replica, stock levels with their ledger, and reservations.

It decides which warehouse fills which line of an order, and never promises a unit twice. It does
not know prices that a customer pays, payments, or how parcels travel.
"""
