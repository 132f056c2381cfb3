"""Define the roles of staff."""

from typing import Any

from apps.platform.backoffice.roles import define_roles
from apps.platform.commands import PlatformCommand


class Command(PlatformCommand):
    help = "Make the groups of staff with their permissions; run it after each migration."

    def handle(self, *args: Any, **options: Any) -> None:
        for role, group in define_roles().items():
            self.stdout.write(f"{role:12} {group.permissions.count()} permissions")
