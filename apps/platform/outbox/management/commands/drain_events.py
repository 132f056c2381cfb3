"""Do the workers' work without a broker."""

import signal
import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.platform.commands import PlatformCommand
from apps.platform.outbox.draining import drain
from apps.platform.outbox.lookout import Lookout
from apps.platform.outbox.registry import find_subscriber, list_subscribers
from apps.platform.outbox.wakeups import list_wake_ups
from apps.platform.session_limits import limit_sessions


class Command(PlatformCommand):
    help = (
        "Hand waiting events to their subscribers once; with --loop do all that workers do, "
        "payments, webhooks and mail too, until Ctrl-C or SIGTERM."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names",
            nargs="*",
            help="subscribers, and with --loop other work such as notifications.send; default all",
        )
        parser.add_argument("--loop", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"]:
            self._loop(options["names"])
        else:
            self._drain(options["names"])

    def _drain(self, names: list[str]) -> None:
        self._refuse_unknown(names, [one.name for one in list_subscribers()])
        chosen = [one for one in map(find_subscriber, names) if one] or list_subscribers()
        while handled := sum(drain(subscriber) for subscriber in chosen):
            self.stdout.write(f"{handled} events handed on")

    def _loop(self, names: list[str]) -> None:
        self._refuse_unknown(names, [one.name for one in list_wake_ups()])
        limit_sessions("worker")
        lookout = Lookout([one for one in list_wake_ups() if not names or one.name in names])
        asked_to_stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        lookout.start()
        asked_to_stop.wait()
        lookout.stop()

    @staticmethod
    def _refuse_unknown(names: list[str], known: list[str]) -> None:
        if unknown := set(names) - set(known):
            raise CommandError(
                f"No {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.",
                returncode=2,
            )
