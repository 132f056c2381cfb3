"""Panels: the boxes that a page is made of, and those that contexts add to the page of an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from apps.kernel.identifiers import OrderId

Viewer = PermissionsMixin | AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings; the columns named in `numbers` line up on the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """The headings, and whether numbers stand below."""
        return [(heading, heading in self.numbers) for heading in self.headings]

    @property
    def lines(self) -> list[list[tuple[str, bool]]]:
        """The cells, and whether they are numbers."""
        kinds = [heading in self.numbers for heading in self.headings]
        return [list(zip(row, kinds, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What one box says, from top to bottom; texts that are not marked safe are escaped.

    `alert` asks a person to do something. `note` stands in where there is nothing else.
    """

    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    alert: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TitledPanel:
    """A panel with the title it stands under."""

    title: str
    panel: Panel


Rows = Callable[[OrderId], Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    title: str
    position: int
    rows: Rows = field(repr=False)
    permission: str


_order_panels: dict[str, _Registered] = {}


def order_panel(title: str, *, position: int, permission: str) -> Callable[[Rows], Rows]:
    """Put what a function gives onto the page of every order, for those who hold the permission.

    The function gets the order's id and needs a constant number of queries. Lower positions stand
    further up; a title that is used again replaces its panel. For the `admin` of an app, which only
    processes load that show pages.
    """

    def register(rows: Rows) -> Rows:
        _order_panels[title] = _Registered(
            title=title, position=position, rows=rows, permission=permission
        )
        return rows

    return register


def list_order_panels(order_id: OrderId, *, viewer: Viewer) -> list[TitledPanel]:
    """Give the panels of an order that the viewer may see, from top to bottom."""
    return [
        TitledPanel(title=one.title, panel=one.rows(order_id))
        for one in sorted(_order_panels.values(), key=lambda one: (one.position, one.title))
        if may_see(viewer, one.permission)
    ]


def may_see(viewer: Viewer, permission: str) -> bool:
    """Whether the viewer holds the permission."""
    return isinstance(viewer, PermissionsMixin | AnonymousUser) and viewer.has_perm(permission)
