"""Have a command refuse arguments that it does not understand in one line, with exit code 2."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class PlatformCommand(BaseCommand):
    """A command that says in one line what it was asked wrongly, and ends with 2."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser, which would else print how the command is used before it says what is wrong."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign]
        return parser
