"""Set-based writes: what the ORM can only do row by row or with a CASE for every value."""

from apps.platform.bulk.writing import insert_together, update_many

__all__ = ["insert_together", "update_many"]
