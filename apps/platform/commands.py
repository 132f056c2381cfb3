"""Have a command refuse arguments that it does not understand in one line, with exit code 2."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.cards.numbers import contains_card_data

ASKED_WRONGLY: Final = 2


class PlatformCommand(BaseCommand):
    """A command that says in one line what it was asked wrongly, and ends with 2.

    That is so, too, where it was given a card number or a security code: what it is told may be kept.
    """

    _spelt: Mapping[str, str] = {}
    """How each option is typed; known once there is a parser."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser, which would else print how the command is used before it says what is wrong."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign]
        # As they are typed: an option with its dashes, an argument by its place without any.
        self._spelt = {one.dest: (one.option_strings or [one.dest])[-1] for one in parser._actions}
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Carry it out, unless a text among its options holds a card number or a security code."""
        for name, text in _texts(options):
            if contains_card_data(text.encode("utf-8", "replace")):
                raise CommandError(
                    f"{self._spelt.get(name, name)} holds a card number or security code; leave it out.",
                    returncode=ASKED_WRONGLY,
                )
        return super().execute(*args, **options)


def _texts(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str):
                yield name, one
