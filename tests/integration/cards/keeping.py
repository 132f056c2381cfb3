"""Looks for digits in every column of every table."""

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
    with connection.cursor() as cursor:
        for table, column, kind in list_columns():
            name = f'"{column}"'
            text = f"encode({name}, 'escape')" if kind == "bytea" else f"{name}::text"
            cursor.execute(
                f'SELECT EXISTS (SELECT 1 FROM "{table}" WHERE '
                f"regexp_replace({text}, '[^0-9]', '', 'g') LIKE %s OR {text} ILIKE ANY(%s))",
                [f"%{digits}%", [f"%{one}%" for one in words]],
            )
            if cursor.fetchone() == (True,):
                found.append(f"{table}.{column}")
    return found
