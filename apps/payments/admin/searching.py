"""Find rows by what a provider calls something."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.payments.adapters.registry import GATEWAYS
from apps.platform.backoffice.admin import ReadOnlyAdmin


class FoundByName(ReadOnlyAdmin):
    """A list in which the first of `search_fields` is looked up exactly, letter by letter.

    So the index over the provider and that column finds it; Django's own search compares in upper
    case, for which a table that only grows would be read from end to end.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keep the rows of that name."""
        if not (name := search_term.strip()):
            return queryset, False
        (column,) = self.search_fields
        return queryset.filter(**{column: name}, provider__in=tuple(GATEWAYS)), False
