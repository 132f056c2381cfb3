"""Looks for digits in every column of every table."""

from itertools import groupby
from operator import itemgetter

from django.db import connection

_COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
ORDER BY 1, 2
"""


def list_columns() -> list[tuple[str, str, str]]:
    """Give every column of every table, with its type."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        return [(table, column, kind) for table, column, kind in cursor.fetchall()]


def where_kept(digits: str, *words: str) -> list[str]:
    """Name the columns that hold these digits, whatever stands between them, or any of these words."""
    found = []
    parts = [f"%{one}%" for one in words]
    with connection.cursor() as cursor:
        # A table at a time: a statement for each of its columns costs more than looking through them.
        for table, columns in groupby(list_columns(), key=itemgetter(0)):
            names, looks = zip(
                *((name, _look(name, kind)) for _, name, kind in columns), strict=True
            )
            cursor.execute(
                f'SELECT {", ".join(looks)} FROM "{table}"',
                {"digits": f"%{digits}%", "words": parts},
            )
            row = cursor.fetchone() or ()
            found += [f"{table}.{name}" for name, held in zip(names, row, strict=True) if held]
    return found


def _look(column: str, kind: str) -> str:
    name = f'"{column}"'
    text = f"encode({name}, 'escape')" if kind == "bytea" else f"{name}::text"
    digits = f"regexp_replace({text}, '[^0-9]', '', 'g')"
    return f"bool_or({digits} LIKE %(digits)s OR {text} ILIKE ANY(%(words)s))"
