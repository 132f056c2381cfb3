"""Notifications owns what customers are told: the words, in their language, and every message sent.

It keeps a replica of whom to write to and of the orders that messages are about. It decides about
no order and sends nothing twice by itself: once per event and channel, whatever is repeated.
"""
