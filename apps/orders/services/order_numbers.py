"""Numbers for orders, unique by construction: a database sequence, permuted with our secret."""

import functools
import threading

from django.conf import settings
from django.db import connection

from apps.kernel.order_number import OrderNumbers

BLOCK = 100
"""The increment of the sequence: a process takes this many numbers with one statement."""


class _Block(threading.local):
    def __init__(self) -> None:
        self.next = 0
        self.end = 0


_block = _Block()


@functools.cache
def _numbers() -> OrderNumbers:
    return OrderNumbers(settings.OMS_ORDER_NUMBER_SECRET.encode())


def next_order_number() -> str:
    """Give a number that no order has had; one is lost where its transaction is rolled back."""
    if _block.next >= _block.end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('orders_number_seq')")
            (start,) = cursor.fetchone()
        _block.next, _block.end = start, start + BLOCK
    _block.next += 1
    return _numbers().number_for(_block.next - 1)
