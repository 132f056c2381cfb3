"""Hand events on without a broker."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import find_subscriber, list_subscribers

IDLE_SECONDS = 0.2


class Command(BaseCommand):
    help = "Hand waiting events to their subscribers; with --loop until Ctrl-C, as workers would."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subscribers", nargs="*", help="all of them when none is named")
        parser.add_argument("--loop", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = [self._subscriber(name) for name in options["subscribers"]] or list_subscribers()
        while True:
            handled = sum(drain(subscriber) for subscriber in chosen)
            if not options["loop"]:
                if not handled:
                    return
                self.stdout.write(f"{handled} events handed on")
            elif not handled:
                time.sleep(IDLE_SECONDS)

    @staticmethod
    def _subscriber(name: str) -> Any:
        subscriber = find_subscriber(name)
        if subscriber is None:
            known = ", ".join(one.name for one in list_subscribers())
            raise CommandError(f"No subscriber {name!r}; there are {known}.", returncode=2)
        return subscriber
