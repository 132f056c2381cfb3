"""Finding customers by what they say of themselves: asked by one context, known to another."""

from collections.abc import Callable, Sequence

from django.contrib.auth.models import AnonymousUser, PermissionsMixin

from apps.kernel.identifiers import CustomerId
from apps.platform.backoffice.panels import Viewer

FindCustomers = Callable[[str], Sequence[CustomerId]]

_finders: dict[FindCustomers, str] = {}


def register_customer_finder(find: FindCustomers, *, permission: str) -> None:
    """Let those who hold the permission find customers, wherever they look for something of theirs.

    `find` gets what somebody typed and gives the ids of whom it names, through an index; none for words
    that name nobody. Called from `apps.py`; registering it again changes nothing.
    """
    _finders[find] = permission


def find_customers(term: str, *, viewer: Viewer) -> list[CustomerId]:
    """Give the customers that a term names, as far as the viewer may know them."""
    if not isinstance(viewer, PermissionsMixin | AnonymousUser):
        return []
    return [
        customer_id
        for find, permission in _finders.items()
        if viewer.has_perm(permission)
        for customer_id in find(term)
    ]
