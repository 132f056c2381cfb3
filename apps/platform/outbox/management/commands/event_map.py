"""Print who publishes what and who hears it."""

from typing import Any

from django.core.management.base import CommandParser

from apps.platform.commands import PlatformCommand
from apps.platform.outbox.event_map import as_mermaid, as_text


class Command(PlatformCommand):
    help = "Print who publishes which event and who hears it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mermaid", action="store_true", help="as a mermaid flow chart")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_mermaid() if options["mermaid"] else as_text())
