"""The roles of staff: groups of permissions that every installation has."""

from collections.abc import Mapping
from types import MappingProxyType

from django.contrib.auth.models import Group, Permission

ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "agent": ("view_", "cancel_order", "resend_"),
        "lead": (
            "view_",
            "cancel_order",
            "release_order",
            "refund_order",
            "resend_",
            "look_again_",
            "undo_again_",
        ),
        "finance": (
            "view_",
            "refund_order",
            "refund_any_amount",
            "look_again_",
            "undo_again_",
            "settle_",
        ),
        "operations": (
            "view_",
            "change_",
            "cancel_order",
            "release_order",
            "resend_",
            "look_again_",
            "undo_again_",
        ),
        "auditor": ("view_",),
    }
)
"""What each role may do, as beginnings of the names of permissions."""


def define_roles() -> dict[str, Group]:
    """Make the groups and give each exactly its permissions; again changes nothing.

    To be called after each migration, which may bring new permissions. Who belongs to a group is
    left alone; users and groups themselves are the superuser's.
    """
    permissions = Permission.objects.exclude(content_type__app_label="auth").values_list(
        "id", "codename"
    )
    Group.objects.bulk_create([Group(name=role) for role in ROLES], ignore_conflicts=True)
    groups = {group.name: group for group in Group.objects.filter(name__in=ROLES)}
    # For all roles at once: `groups.permissions.set` would take several statements for each of them.
    given = Group.permissions.through
    wanted = {
        (groups[role].pk, key)
        for role, beginnings in ROLES.items()
        for key, codename in permissions
        if codename.startswith(beginnings)
    }
    rows = given.objects.filter(group__in=groups.values())
    had = {(row.group_id, row.permission_id): row.pk for row in rows}
    given.objects.filter(pk__in=[key for pair, key in had.items() if pair not in wanted]).delete()
    given.objects.bulk_create(
        [given(group_id=group, permission_id=key) for group, key in sorted(wanted - had.keys())],
        ignore_conflicts=True,
    )
    return groups
