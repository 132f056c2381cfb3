"""Roles have exactly the permissions that they are defined with."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from apps.platform.backoffice.roles import ROLES, define_roles

pytestmark = pytest.mark.django_db


def permissions_by_role() -> dict[str, set[str]]:
    """Give the names of permissions that each group has."""
    return {
        group.name: {one.codename for one in group.permissions.all()}
        for group in Group.objects.all()
    }


class TestDefining:
    def test_gives_each_role_what_begins_as_it_is_told(self) -> None:
        define_roles()
        found = permissions_by_role()
        assert found.keys() == ROLES.keys()
        assert "view_order" in found["auditor"]
        assert not [name for name in found["auditor"] if not name.startswith("view_")]
        assert {"refund_order", "view_payment"} <= found["lead"]
        assert "change_warehouse" in found["operations"]
        assert not [name for name in found["operations"] if name.endswith(("_user", "_group"))]

    def test_again_changes_nothing(self) -> None:
        define_roles()
        before = permissions_by_role()
        define_roles()
        assert permissions_by_role() == before

    def test_takes_what_a_role_has_no_longer_and_leaves_its_members(self) -> None:
        groups = define_roles()
        defined = permissions_by_role()
        groups["agent"].permissions.add(Permission.objects.get(codename="change_warehouse"))
        groups["lead"].permissions.remove(Permission.objects.get(codename="view_order"))
        member = User.objects.create_user("ana")
        member.groups.add(groups["agent"])
        define_roles()
        assert permissions_by_role() == defined
        assert member.groups.get() == groups["agent"]
