"""Define the roles of staff."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.platform.backoffice.roles import define_roles


class Command(BaseCommand):
    help = "Make the groups of staff with their permissions; run it after each migration."

    def handle(self, *args: Any, **options: Any) -> None:
        for role, group in define_roles().items():
            self.stdout.write(f"{role:12} {group.permissions.count()} permissions")
