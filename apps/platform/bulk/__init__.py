"""Set-based writes: what the ORM can only do row by row or with a CASE for every value."""

from apps.platform.bulk.writing import update_many

__all__ = ["update_many"]
