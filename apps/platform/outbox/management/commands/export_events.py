"""Print the contracts of the published facts."""

from typing import Any

import msgspec
from django.core.management.base import CommandParser

from apps.platform.commands import PlatformCommand
from apps.platform.outbox.contracts import asyncapi, json_schemas


class Command(PlatformCommand):
    help = "Print the published facts as AsyncAPI, or as JSON Schema."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["asyncapi", "json-schema"], default="asyncapi")

    def handle(self, *args: Any, **options: Any) -> None:
        document = asyncapi() if options["format"] == "asyncapi" else json_schemas()
        self.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
