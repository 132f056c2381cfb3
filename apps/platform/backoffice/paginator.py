"""Pages of long tables, without counting what nobody will leaf through."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    RowPaginator = Paginator[Any]
else:
    # At run time the class takes no parameters.
    RowPaginator = Paginator


class CappedPaginator(RowPaginator):
    """Counts and shows the first `most` rows; whoever looks for older ones narrows the search.

    A table of millions of rows would otherwise be counted for each page, and skipped through.
    """

    most = 5_000
    template_name = "backoffice/pagination.html"

    @cached_property
    def count(self) -> int:
        """How many rows can be leafed through, `most` at the most."""
        return min(self._found, self.most)

    @property
    def is_capped(self) -> bool:
        """Whether there are more than can be leafed through."""
        return self._found > self.most

    @cached_property
    def _found(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: self.most + 1].count()
        return len(rows)
