"""The database's clock: every timer is a row that it judges, so whoever sets one goes by it too."""

from datetime import datetime
from typing import cast

from django.db import connection


def database_now() -> datetime:
    """Give the present instant as the database sees it; within a transaction, that of its beginning.

    One statement. Where rows are claimed or delivered, their time comes along with them instead.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cast(datetime, cursor.fetchone()[0])
