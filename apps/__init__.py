"""The parts of the shop that take an order to its door.

`kernel` holds the words everybody shares, `platform` the machinery everybody stands on, and each of
the six contexts (customers, inventory, orders, payments, shipping, notifications) one trade. They
know each other only by the facts they publish.
"""
