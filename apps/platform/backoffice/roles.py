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
    permissions = list(Permission.objects.exclude(content_type__app_label="auth"))
    groups = {}
    for role, beginnings in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(one for one in permissions if one.codename.startswith(beginnings))
        groups[role] = group
    return groups
