"""The bases of all pages: lists and details that can be read, and deeds that ask first."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.kernel.identifiers import id_at
from apps.platform.backoffice.asking import WithoutCards
from apps.platform.backoffice.paginator import CappedPaginator
from apps.platform.backoffice.panels import TitledPanel

RECENT_DAYS = 90
_YEARS_OF_IDS = range(1970, 9999)
_COMPARISONS = frozenset({"id", "exact", "in", "isnull"})

Deed = TypeVar("Deed", bound=Callable[..., HttpResponse])


class _PlainLookups(ModelAdmin):
    """Takes from an address what our own filters ask for, and no other comparison of a column."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow equality only; a year of eight digits, say, is refused before it fails."""
        _, *comparison = lookup.split("__")
        return _COMPARISONS.issuperset(comparison) and bool(
            super().lookup_allowed(lookup, value, request)
        )


class ReadOnlyAdmin(_PlainLookups):
    """Rows to look at. Nobody adds, changes or deletes one by hand, whatever their role.

    A page shows the fields, then the panels that `list_panels` gives. Lists are not sorted by
    columns: that would read a whole table to show its first page.
    """

    change_form_template = "backoffice/detail.html"
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    # Counts beside each choice of a filter would each read the whole table.
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Sequence[str]] = ()
    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody types over."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False

    def list_panels(self, request: HttpRequest, obj: Any) -> list[TitledPanel]:
        """Give what stands below the fields; a constant number of queries."""
        return []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the panels to the page."""
        context["panels"] = self.list_panels(request, kwargs.get("obj"))
        context["subtitle"] = None
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer


class EditableAdmin(_PlainLookups):
    """Rows that those with the permission may add and change. Nobody deletes one: others name it.

    Whoever derives from it sees to the entry in the audit log.
    """

    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    warn_unsaved_form = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Give the form of the page, which takes no card number in any field."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form)(form.__name__, (WithoutCards, form), {})


def page_action(
    *, description: str, permission: str, icon: str, is_dangerous: bool = False
) -> Callable[[Deed], Deed]:
    """Make a method a button of the page; without the permission there is none, and a 403.

    The method gets the request and `object_id`. It answers GET with a question and acts on POST.
    `permission` names the method `has_…_permission`. The theme would also take a permission of
    Django's, but looks that up in the database whenever a command starts, migrations included.
    """
    decorate = action(
        description=description,
        permissions=[permission],
        icon=icon,
        variant=ActionVariant.DANGER if is_dangerous else ActionVariant.DEFAULT,
    )
    return cast(Callable[[Deed], Deed], decorate)


class MadeBetween(RangeDateFilter):
    """Rows made from one day to another, in UTC, by the time in their id: a range of the key."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Turn days into bounds of the id; what is no day is ignored."""
        first = _day(self.used_parameters.get(f"{self.parameter_name}_from"))
        last = _day(self.used_parameters.get(f"{self.parameter_name}_to"))
        if first is not None:
            queryset = queryset.filter(pk__gte=id_at(first))
        if last is not None:
            queryset = queryset.filter(pk__lt=id_at(last + timedelta(days=1)))
        return queryset


def _day(text: object) -> datetime | None:
    try:
        day = datetime.strptime(str(text), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if day.year in _YEARS_OF_IDS else None


def recent(
    *, field: str, title: str, choices: Collection[str], time: str = ""
) -> type[admin.SimpleListFilter]:
    """Make a filter for a column without an index: it looks through the last 90 days only.

    `time` names the column that says when; without it, the rows' keys do.
    """

    class Recent(admin.SimpleListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.title = f"{title} (last {RECENT_DAYS} days)"
            self.parameter_name = field
            super().__init__(*args, **kwargs)

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(choice, choice.replace("_", " ")) for choice in choices]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() is None:
                return queryset
            since = timezone.now() - timedelta(days=RECENT_DAYS)
            is_recent = {f"{time}__gte": since} if time else {"pk__gte": id_at(since)}
            return queryset.filter(**{field: self.value()}, **is_recent)

    return Recent
