"""Make a shop to try things in."""

import dataclasses
import json
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.platform.commands import PlatformCommand
from config.demo import make_demo
from config.live_money import is_live


class Command(PlatformCommand):
    help = "Make demo products, stock, customers and staff; making them again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what scripts need, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if is_live(settings.OMS_ENV):
            raise CommandError("Demo data has no place in production.", returncode=2)
        demo = make_demo()
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(demo)))
            return
        self.stdout.write(f"Customer {demo.customer_id}; warehouses {', '.join(demo.warehouses)}")
        for role, login in demo.staff.items():
            self.stdout.write(f"{role:12} {login['username']} / {login['password']}")
